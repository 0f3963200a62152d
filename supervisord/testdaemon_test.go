package supervisord_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// testDaemon is a daemon with a configuration in a directory of its own.
type testDaemon struct {
	t      *testing.T
	dir    string
	daemon *exec.Cmd
}

// newTestDaemon makes the directory. It is not one of testing's, whose parents other
// users may not enter.
func newTestDaemon(t *testing.T) *testDaemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "site")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return &testDaemon{t: t, dir: dir}
}

func (s *testDaemon) path(name string) string { return filepath.Join(s.dir, name) }

func (s *testDaemon) write(name, text string) string {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return s.path(name)
}

// configure writes supervisord.conf. MARK in the environment of all programs
// tells which processes are of this site.
func (s *testDaemon) configure(programs string) {
	s.t.Helper()
	s.write("supervisord.conf", fmt.Sprintf(`[supervisord]
nodaemon=true
logfile=%[1]s/supervisord.log
pidfile=%[1]s/supervisord.pid
childlogdir=%[1]s
environment=MARK="%[1]s"
[unix_http_server]
file=%[1]s/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%[1]s/s.sock
%[2]s`, s.dir, programs))
}

// start starts the daemon. It is stopped, with all that it started, when the
// test ends.
func (s *testDaemon) start() {
	s.t.Helper()
	s.startUnder()
}

// startUnder starts the daemon by way of another command, which has it as its
// only child or becomes it.
func (s *testDaemon) startUnder(wrapper ...string) {
	s.t.Helper()
	argv := append(wrapper, "supervisord", "-s", "-c", s.path("supervisord.conf"))
	s.launch(exec.Command(argv[0], argv[1:]...))
}

func (s *testDaemon) launch(daemon *exec.Cmd) {
	s.t.Helper()
	s.daemon = daemon
	s.daemon.Stderr = os.Stderr
	if err := s.daemon.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if s.daemon.ProcessState == nil {
			_ = syscall.Kill(s.daemonPid(), syscall.SIGTERM)
			ended := make(chan struct{})
			go func() { defer close(ended); _ = s.daemon.Wait() }()
			s.killProgramsUntil(ended)
		}
		s.killPrograms()
		if s.t.Failed() {
			s.t.Logf("supervisord.log:\n%s", s.read("supervisord.log"))
		}
	})
}

// killProgramsUntil kills what the daemon waits for when it ends: a program may have
// hours to obey.
func (s *testDaemon) killProgramsUntil(ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(time.Second):
			s.killPrograms()
		}
	}
}

func (s *testDaemon) killPrograms() {
	for _, pid := range s.processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// daemonPid is the pid of the daemon as seen from here.
func (s *testDaemon) daemonPid() int {
	pid := s.daemon.Process.Pid
	if filepath.Base(s.daemon.Path) == "unshare" && slices.Contains(s.daemon.Args, "--fork") {
		if below := childrenOf(pid); len(below) == 1 {
			return below[0]
		}
	}
	return pid
}

func (s *testDaemon) read(name string) string {
	data, _ := os.ReadFile(s.path(name))
	return string(data)
}

// ctl runs supervisorctl and returns what it printed.
func (s *testDaemon) ctl(args ...string) string {
	s.t.Helper()
	out, _ := exec.Command("supervisorctl", append([]string{"-c", s.path("supervisord.conf")}, args...)...).CombinedOutput()
	return string(out)
}

func (s *testDaemon) await(what string, ok func() bool) {
	s.t.Helper()
	if !poll(ok) {
		s.t.Fatalf("waited in vain: %s\n%s", what, s.ctl("status"))
	}
}

func (s *testDaemon) awaitRunning(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.await(name+" runs", func() bool { return strings.Contains(s.ctl("status", name), "RUNNING") })
	}
}

// processes lists the pids of everything that any program of the site started.
func (s *testDaemon) processes() []int {
	var pids []int
	entries, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, e := range entries {
		data, err := os.ReadFile(e)
		if err == nil && bytes.Contains(data, []byte("MARK="+s.dir+"\x00")) {
			pid, _ := strconv.Atoi(strings.Split(e, "/")[2])
			if alive(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// awaitNoProcesses waits until nothing runs any more. A child that a program has for a
// moment, such as a sleep in a loop, ends a moment after it.
func (s *testDaemon) awaitNoProcesses() {
	s.t.Helper()
	s.await("no process is left", func() bool { return len(s.processes()) == 0 })
}

func (s *testDaemon) pid(name string) int {
	pid, _ := strconv.Atoi(strings.TrimSpace(s.ctl("pid", name)))
	return pid
}

// childrenOf lists the direct children of a process.
func childrenOf(parent int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent)) // each thread has its own
	var pids []int
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		for f := range strings.FieldsSeq(string(data)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// freePort is a port that nobody listened on a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func httpGet(url string) (string, error) {
	client := http.Client{Timeout: waitTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", url, r.Status)
	}
	return string(body), err
}

// need skips the test, loudly, unless all programs are there.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("SKIPPED: %s is not installed", p)
		}
	}
}

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
	*testDaemon
	app, url string // directory of the application, address of nginx
	port     int    // of gunicorn
}

func newFlaskStack(t *testing.T) *flaskStack {
	need(t, "gunicorn", "nginx", "python3")
	l := &flaskStack{testDaemon: newTestDaemon(t), port: freePort(t)}
	l.app = l.path("myapp")
	if err := os.Mkdir(l.app, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(l.app, 0o777); err != nil {
		t.Fatal(err)
	}
	l.write("myapp/app.py", flaskApp)
	front := freePort(t)
	l.url = fmt.Sprintf("http://127.0.0.1:%d", front)
	l.write("nginx.conf", fmt.Sprintf(nginxConf, l.dir, front, l.port))
	l.writeConfig("")
	return l
}

// writeConfig writes the configuration. The stanza of myapp is the lecture's, with
// its own paths, user and port.
func (l *flaskStack) writeConfig(extra string) {
	l.t.Helper()
	name := "nobody"
	if os.Getuid() != 0 {
		u, err := user.Current()
		if err != nil {
			l.t.Fatal(err)
		}
		name = u.Username
	}
	gunicorn, _ := exec.LookPath("gunicorn")
	nginx, _ := exec.LookPath("nginx")
	l.configure(fmt.Sprintf(`
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
`, gunicorn, l.port, l.app, name, l.app, extra, nginx, l.dir, l.dir, l.dir))
}

func (l *flaskStack) serves() bool {
	body, err := httpGet(l.url + "/")
	return err == nil && body == "Hello World"
}

// awaitGunicorn waits until the present master serves. Its first worker tells that
// its handlers of signals stand: a page may still come from a worker of the master
// before it.
func (l *flaskStack) awaitGunicorn() {
	l.t.Helper()
	l.await("a worker", func() bool { return len(l.workers()) > 0 })
	l.await("the page", l.serves)
}

func (l *flaskStack) workers() []int { return childrenOf(l.pid("myapp")) }

func TestFlaskBehindNginx(t *testing.T) {
	t.Parallel()
	l := newFlaskStack(t)
	l.start()
	l.awaitRunning("myapp", "nginx")
	l.await("the page", l.serves)

	t.Log("a JSON document, through nginx")
	body, err := httpGet(l.url + "/status.json")
	var got map[string]any
	if err != nil || json.Unmarshal([]byte(body), &got) != nil || got["answer"] != 42.0 {
		t.Fatalf("got %q, %v", body, err)
	}

	t.Log("gunicorn replaces a worker that was killed")
	l.await("a worker", func() bool { return len(l.workers()) == 1 })
	master, worker := l.pid("myapp"), l.workers()[0]
	killProcess(t, worker)
	l.await("another worker", func() bool { w := l.workers(); return len(w) == 1 && w[0] != worker })
	l.await("the page", l.serves)
	if l.pid("myapp") != master {
		t.Error("the master was restarted")
	}

	t.Log("supervisord replaces a master that was killed")
	killProcess(t, master)
	l.await("another master", func() bool { pid := l.pid("myapp"); return pid != 0 && pid != master })
	l.awaitRunning("myapp")
	l.awaitGunicorn()

	if log := l.read("myapp/log.txt"); !strings.Contains(log, "Booting worker") || !strings.Contains(log, "Listening at") {
		t.Errorf("log.txt:\n%s", log)
	}

	t.Log("signals change the number of workers")
	for _, step := range []struct {
		sig  string
		want int
	}{{"TTIN", 2}, {"TTIN", 3}, {"TTOU", 2}} {
		if out := l.ctl("signal", step.sig, "myapp"); out != "myapp: signalled\n" {
			t.Errorf("signal: %q", out)
		}
		l.await(step.sig, func() bool { return len(l.workers()) == step.want })
	}

	t.Log("reread and update restart what has changed, and only that")
	nginx, master := l.pid("nginx"), l.pid("myapp")
	l.writeConfig("environment = DEBUG=\"1\"\n")
	if out := l.ctl("reread"); out != "myapp: changed\n" {
		t.Errorf("reread: %q", out)
	}
	if out := l.ctl("update"); out != "myapp: stopped\nmyapp: updated process group\n" {
		t.Errorf("update: %q", out)
	}
	l.awaitRunning("myapp")
	l.awaitGunicorn()
	if l.pid("nginx") != nginx || l.pid("myapp") == master {
		t.Error("not the right one was restarted")
	}

	t.Log("stop all leaves nothing behind")
	out := strings.Fields(l.ctl("stop", "all"))
	if !slices.Contains(out, "myapp:") || !slices.Contains(out, "nginx:") {
		t.Errorf("stop all: %q", out)
	}
	if left := l.processes(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func killProcess(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func TestPythonHTTPServer(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	s, port := newTestDaemon(t), freePort(t)
	s.write("hello.txt", "hello from python\n")
	s.configure(fmt.Sprintf("[program:files]\ncommand=python3 -u -m http.server %d --bind 127.0.0.1\ndirectory=%s\n"+
		"redirect_stderr=true\nstdout_logfile=%s/files.log\n", port, s.dir, s.dir))
	s.start()
	s.awaitRunning("files")
	s.await("the file", func() bool {
		body, err := httpGet(fmt.Sprintf("http://127.0.0.1:%d/hello.txt", port))
		return err == nil && body == "hello from python\n"
	})
	s.await("the request in the log", func() bool { return strings.Contains(s.ctl("tail", "files"), "GET /hello.txt") })
}

// TestPythonSupervisorctl has Python's supervisorctl do everything there is to
// do to our daemon.
func TestPythonSupervisorctl(t *testing.T) {
	t.Parallel()
	const client = "/usr/bin/supervisorctl"
	need(t, client)
	s := newTestDaemon(t)
	s.configure("[program:p]\ncommand=cat\nstartsecs=0\nstdout_logfile=" + s.path("p.log") + "\n[program:extra]\ncommand=cat\nautostart=false\n")
	s.start()
	s.awaitRunning("p")
	s.write("p.log", "one line\n")
	run := func(args ...string) string {
		out, _ := exec.Command(client, append([]string{"-c", s.path("supervisord.conf")}, args...)...).CombinedOutput()
		return string(out)
	}
	for _, tt := range []struct{ args, want string }{
		{"status extra", "extra                            STOPPED   Not started\n"},
		{"avail", "extra                            in use    manual    999:999\np                                in use    auto      999:999\n"},
		{"start extra", "extra: started\n"},
		{"start extra", "extra: ERROR (already started)\n"},
		{"signal HUP nope", "nope: ERROR (no such process)\n"},
		{"restart extra", "extra: stopped\nextra: started\n"},
		{"stop extra", "extra: stopped\n"},
		{"tail p", "one line\n\n"},
		{"clear p", "p: cleared\n"},
		{"reread", "No config updates to processes\n"},
		{"update", ""},
		{"remove extra", "extra: removed process group\n"},
		{"add extra", "extra: added process group\n"},
		{"add extra", "ERROR: process group already active\n"},
		{"version", "4.4.0\n"},
		{"reload", "Restarted supervisord\n"},
	} {
		if got := run(strings.Fields(tt.args)...); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.args, got, tt.want)
		}
	}
	s.await("the restart", func() bool { return strings.Count(s.read("supervisord.log"), "supervisord started with pid") == 2 })
	s.awaitRunning("p")
	if got := run("shutdown"); got != "Shut down\n" {
		t.Errorf("shutdown: %q", got)
	}
	s.await("the end", func() bool { _, err := os.Stat(s.path("supervisord.pid")); return os.IsNotExist(err) })
}
