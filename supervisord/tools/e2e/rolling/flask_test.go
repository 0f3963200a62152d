package rolling

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// flaskStack is the stack as a tutorial on Supervisor configures it: one program,
// whose gunicorn listens by itself.
type flaskStack struct{ *stack }

// startFlask starts the stack and waits until gunicorn can be sent signals.
func startFlask(t *testing.T) flaskStack {
	t.Helper()
	s := flaskStack{newStack(t)}
	s.configure("")
	s.Start()
	s.AwaitRunning("myapp", "nginx")
	s.awaitGunicorn()
	return s
}

func (s flaskStack) configure(options string) {
	s.T.Helper()
	gunicorn, _ := exec.LookPath("gunicorn")
	s.Configure(fmt.Sprintf(`
[program:myapp]
command = %s app:app -b localhost:%d
directory = %s
user = %s
autostart = true
autorestart = true
stdout_logfile = %[3]s/log.txt
redirect_stderr = true
%[5]s`, gunicorn, s.port, s.app, s.user, options) + s.nginxSection())
}

// awaitGunicorn waits until the present master has a worker, and the page is served. A
// master forks workers after it has set its signal handlers; before that, TTIN
// would suspend it. The page alone may come from a worker of an earlier master.
func (s flaskStack) awaitGunicorn() {
	s.T.Helper()
	s.Await("a worker", func() bool { return len(s.workers()) > 0 })
	s.Await("the page", s.serves)
}

func (s flaskStack) workers() []int { return e2e.ChildrenOf(s.ProgramPID("myapp")) }

func TestFlaskServesJSON(t *testing.T) {
	t.Parallel()
	s := startFlask(t)
	body, err := e2e.Get(s.url + "/status.json")
	var got map[string]any
	if err != nil || json.Unmarshal([]byte(body), &got) != nil || got["answer"] != 42.0 {
		t.Fatalf("got %q, %v", body, err)
	}
	if log := s.Read("app/log.txt"); !strings.Contains(log, "Booting worker") || !strings.Contains(log, "Listening at") {
		t.Errorf("log.txt:\n%s", log)
	}
	out := strings.Fields(s.Ctl("stop", "all"))
	if !slices.Contains(out, "myapp:") || !slices.Contains(out, "nginx:") {
		t.Errorf("stop all: %q", out)
	}
	s.ExpectNoProcesses()
}

// TestKilledGunicornIsReplaced kills a worker, which gunicorn replaces, and the master,
// which supervisord replaces.
func TestKilledGunicornIsReplaced(t *testing.T) {
	t.Parallel()
	s := startFlask(t)
	s.Await("one worker", func() bool { return len(s.workers()) == 1 })
	master, worker := s.ProgramPID("myapp"), s.workers()[0]
	e2e.Kill(t, worker)
	s.Await("another worker", func() bool { w := s.workers(); return len(w) == 1 && w[0] != worker })
	s.Await("the page", s.serves)
	s.ExpectPID("myapp", master)

	e2e.Kill(t, master)
	s.AwaitOtherPID("myapp", master)
	s.AwaitRunning("myapp")
	s.awaitGunicorn()
}

// TestSignalsChangeWorkers sends gunicorn the signals by which it adds and removes workers.
func TestSignalsChangeWorkers(t *testing.T) {
	t.Parallel()
	s := startFlask(t)
	for _, step := range []struct {
		sig  string
		want int
	}{{"TTIN", 2}, {"TTIN", 3}, {"TTOU", 2}} {
		s.ExpectCtl("signal "+step.sig+" myapp", "myapp: signalled\n")
		s.Await(step.sig, func() bool { return len(s.workers()) == step.want })
	}
}

// TestUpdateRestartsChangedProgram checks that update leaves the other program alone.
func TestUpdateRestartsChangedProgram(t *testing.T) {
	t.Parallel()
	s := startFlask(t)
	nginx, master := s.ProgramPID("nginx"), s.ProgramPID("myapp")
	s.configure("environment = DEBUG=\"1\"\n")
	s.ExpectCtl("reread", "myapp: changed\n")
	s.ExpectCtl("update", "myapp: stopped\nmyapp: updated process group\n")
	s.AwaitRunning("myapp")
	s.awaitGunicorn()
	s.ExpectPID("nginx", nginx)
	if s.ProgramPID("myapp") == master {
		t.Error("myapp was not restarted")
	}
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
	d.Await("the request in the log of the program", func() bool { return strings.Contains(d.Ctl("tail", "files"), "GET /hello.txt") })
}
