package sockets

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// nginxFastCGIConf passes everything from a unix socket to the FastCGI program.
const nginxFastCGIConf = `
user root;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen unix:%[1]s/http.sock;
		location / {
			fastcgi_pass unix:%[1]s/fcgi.sock;
			fastcgi_param REQUEST_METHOD $request_method;
			fastcgi_param SERVER_PROTOCOL $server_protocol;
			fastcgi_param HTTP_HOST example.org;
			fastcgi_param REQUEST_URI $request_uri;
		}
	}
}
`

// startNginx starts nginx before the daemon, until the test ends. It returns a client.
func startNginx(d *e2e.Daemon) *http.Client {
	d.T.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		d.T.Skip("SKIPPED: nginx is not installed")
	}
	nginx := exec.Command(path, "-c", d.Write("nginx.conf", fmt.Sprintf(nginxFastCGIConf, d.Dir)), "-p", d.Dir, "-g", "daemon off;")
	if err := nginx.Start(); err != nil {
		d.T.Fatal(err)
	}
	d.T.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM)
		_ = nginx.Wait()
		if d.T.Failed() {
			d.T.Logf("nginx.log:\n%s", d.Read("nginx.log"))
		}
	})
	d.Await("nginx", func() bool { return d.Answers("http.sock") })
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", d.Path("http.sock"))
	}}
	d.T.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// getPage returns the status and the body of a page.
func getPage(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

func TestFastCGIBehindNginx(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	client := startNginx(d)
	d.Configure(`[fcgi-program:f]
command=child fcgi
socket=unix://%(here)s/fcgi.sock
process_name=%(program_name)s_%(process_num)d
numprocs=2
redirect_stderr=true
stdout_logfile=%(here)s/f.log
`)
	d.Start()
	d.AwaitRunning("f:f_0", "f:f_1")

	var who []string
	for range 50 {
		status, text := getPage(t, client, "http://example.org/some/page?x=1")
		name, ok := strings.CutSuffix(text, " answers http://example.org/some/page?x=1\n")
		if status != http.StatusOK || !ok {
			t.Fatalf("%d %s", status, text)
		}
		who = append(who, name)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(who))) {
		if name != "f_0" && name != "f_1" {
			t.Errorf("%s answered", name)
		}
	}

	d.Ctl("stop", "f:f_0")
	if _, text := getPage(t, client, "http://example.org/"); !strings.HasPrefix(text, "f_1 answers") {
		t.Errorf("with one process: %s", text)
	}
	d.Ctl("stop", "f:f_1")
	if status, _ := getPage(t, client, "http://example.org/"); status != http.StatusBadGateway {
		t.Errorf("with no process: %d", status)
	}
	d.Ctl("start", "f:f_0")
	if _, text := getPage(t, client, "http://example.org/"); !strings.HasPrefix(text, "f_0 answers") {
		t.Errorf("after a start: %s", text)
	}
	if got := d.Ctl("restart", "f:*"); strings.Contains(got, "ERROR") {
		t.Error(got)
	}
}

func TestFastCGIProgramInAGroup(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(`[group:g]
programs=f,h
[fcgi-program:f]
command=child fcgi
socket=unix://%(here)s/f.sock
[fcgi-program:h]
command=child fcgi
socket=unix://%(here)s/h.sock
autostart=false
`)
	d.Start()
	d.AwaitRunning("g:f")
	if !d.Answers("f.sock") || d.Answers("h.sock") {
		t.Error("the socket of a program is not open exactly while it runs")
	}
	d.Ctl("shutdown")
	d.Await("the socket is closed", func() bool { return !d.Answers("f.sock") })
}

func TestFastCGISocketFailure(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[fcgi-program:f]\ncommand=child fcgi\nsocket=unix://%(here)s/none/f.sock\n")
	out, err := exec.Command("supervisord", "-s", "-c", d.Path("supervisord.conf")).CombinedOutput()
	want := "Error: Could not create FastCGI socket unix://" + d.Path("none/f.sock") + ": [Errno 2] No such file or directory\n"
	if !strings.HasPrefix(string(out), want) {
		t.Errorf("got %s", out)
	}
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 {
		t.Errorf("exit: %v", err)
	}
}
