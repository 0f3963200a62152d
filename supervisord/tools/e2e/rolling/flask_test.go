package rolling

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

const flaskApp = `from flask import Flask, jsonify
app = Flask(__name__)

@app.route("/")
def hello():
    return "Hello World"

@app.route("/status.json")
def status():
    return jsonify(ok=True, answer=42)
`

const nginxConf = `daemon off;
pid %[1]s/nginx.pid;
error_log stderr notice;
worker_processes 1;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path %[1]s/nginx-body;
	proxy_temp_path %[1]s/nginx-proxy;
	fastcgi_temp_path %[1]s/nginx-fastcgi;
	uwsgi_temp_path %[1]s/nginx-uwsgi;
	scgi_temp_path %[1]s/nginx-scgi;
	server {
		listen 127.0.0.1:%[2]d;
		location / { proxy_pass http://127.0.0.1:%[3]d; proxy_connect_timeout 60s; }
	}
}
`

// flaskStack is a Flask application under gunicorn, configured as one would in a
// lecture, behind nginx.
type flaskStack struct {
	*e2e.Daemon
	app, url string // directory of the application, address of nginx
	port     int    // of gunicorn
}

func newFlaskStack(t *testing.T) *flaskStack {
	e2e.Need(t, "gunicorn", "nginx", "python3")
	l := &flaskStack{Daemon: e2e.NewDaemon(t), port: e2e.FreePort(t)}
	l.app = l.Path("myapp")
	if err := os.Mkdir(l.app, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(l.app, 0o777); err != nil {
		t.Fatal(err)
	}
	l.Write("myapp/app.py", flaskApp)
	front := e2e.FreePort(t)
	l.url = fmt.Sprintf("http://127.0.0.1:%d", front)
	l.Write("nginx.conf", fmt.Sprintf(nginxConf, l.Dir, front, l.port))
	l.writeConfig("")
	return l
}

// writeConfig writes the configuration. The stanza of myapp is the lecture's, with
// its own paths, user and port.
func (l *flaskStack) writeConfig(extra string) {
	l.T.Helper()
	name := "nobody"
	if os.Getuid() != 0 {
		u, err := user.Current()
		if err != nil {
			l.T.Fatal(err)
		}
		name = u.Username
	}
	gunicorn, _ := exec.LookPath("gunicorn")
	nginx, _ := exec.LookPath("nginx")
	l.Configure(fmt.Sprintf(`
[program:myapp]
command = %s app:app -b localhost:%d
directory = %s
user = %s
autostart = true
autorestart = true
stdout_logfile = %s/log.txt
redirect_stderr = true
%s
[program:nginx]
command = %s -e stderr -c %s/nginx.conf -p %s
priority = 1000
stopsignal = QUIT
killasgroup = true
redirect_stderr = true
stdout_logfile = %s/nginx.log
`, gunicorn, l.port, l.app, name, l.app, extra, nginx, l.Dir, l.Dir, l.Dir))
}

func (l *flaskStack) serves() bool {
	body, err := e2e.Get(l.url + "/")
	return err == nil && body == "Hello World"
}

// awaitGunicorn waits until the present master serves. Its first worker tells that
// its handlers of signals stand: a page may still come from a worker of the master
// before it.
func (l *flaskStack) awaitGunicorn() {
	l.T.Helper()
	l.Await("a worker", func() bool { return len(l.workers()) > 0 })
	l.Await("the page", l.serves)
}

func (l *flaskStack) workers() []int { return e2e.ChildrenOf(l.ProgramPID("myapp")) }

func TestFlaskBehindNginx(t *testing.T) {
	t.Parallel()
	l := newFlaskStack(t)
	l.Start()
	l.AwaitRunning("myapp", "nginx")
	l.Await("the page", l.serves)

	t.Log("a JSON document, through nginx")
	body, err := e2e.Get(l.url + "/status.json")
	var got map[string]any
	if err != nil || json.Unmarshal([]byte(body), &got) != nil || got["answer"] != 42.0 {
		t.Fatalf("got %q, %v", body, err)
	}

	t.Log("gunicorn replaces a worker that was killed")
	l.Await("a worker", func() bool { return len(l.workers()) == 1 })
	master, worker := l.ProgramPID("myapp"), l.workers()[0]
	e2e.Kill(t, worker)
	l.Await("another worker", func() bool { w := l.workers(); return len(w) == 1 && w[0] != worker })
	l.Await("the page", l.serves)
	if l.ProgramPID("myapp") != master {
		t.Error("the master was restarted")
	}

	t.Log("supervisord replaces a master that was killed")
	e2e.Kill(t, master)
	l.Await("another master", func() bool { pid := l.ProgramPID("myapp"); return pid != 0 && pid != master })
	l.AwaitRunning("myapp")
	l.awaitGunicorn()

	if log := l.Read("myapp/log.txt"); !strings.Contains(log, "Booting worker") || !strings.Contains(log, "Listening at") {
		t.Errorf("log.txt:\n%s", log)
	}

	t.Log("signals change the number of workers")
	for _, step := range []struct {
		sig  string
		want int
	}{{"TTIN", 2}, {"TTIN", 3}, {"TTOU", 2}} {
		if out := l.Ctl("signal", step.sig, "myapp"); out != "myapp: signalled\n" {
			t.Errorf("signal: %q", out)
		}
		l.Await(step.sig, func() bool { return len(l.workers()) == step.want })
	}

	t.Log("reread and update restart what has changed, and only that")
	nginx, master := l.ProgramPID("nginx"), l.ProgramPID("myapp")
	l.writeConfig("environment = DEBUG=\"1\"\n")
	l.ExpectCtl("reread", "myapp: changed\n")
	l.ExpectCtl("update", "myapp: stopped\nmyapp: updated process group\n")
	l.AwaitRunning("myapp")
	l.awaitGunicorn()
	if l.ProgramPID("nginx") != nginx || l.ProgramPID("myapp") == master {
		t.Error("not the right one was restarted")
	}

	t.Log("stop all leaves nothing behind")
	out := strings.Fields(l.Ctl("stop", "all"))
	if !slices.Contains(out, "myapp:") || !slices.Contains(out, "nginx:") {
		t.Errorf("stop all: %q", out)
	}
	l.ExpectNoProcesses()
}

func TestPythonHTTPServer(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "python3")
	d, port := e2e.NewDaemon(t), e2e.FreePort(t)
	d.Write("hello.txt", "hello from python\n")
	d.Configure(fmt.Sprintf("[program:files]\ncommand=python3 -u -m http.server %d --bind 127.0.0.1\ndirectory=%s\n"+
		"redirect_stderr=true\nstdout_logfile=%s/files.log\n", port, d.Dir, d.Dir))
	d.Start()
	d.AwaitRunning("files")
	d.Await("the file", func() bool {
		body, err := e2e.Get(fmt.Sprintf("http://127.0.0.1:%d/hello.txt", port))
		return err == nil && body == "hello from python\n"
	})
	d.Await("the request in the log", func() bool { return strings.Contains(d.Ctl("tail", "files"), "GET /hello.txt") })
}
