package lifecycle

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit/e2e"
)

// configureDependencies is a pod in which each program waits for the one before. Programs that
// start and end say so in one file.
func configureDependencies(d *e2e.Daemon, more string) {
	d.T.Helper()
	const says = `sh -c "echo %(program_name)s begins >>%(here)s/order; trap 'sleep 0.2; echo %(program_name)s ends >>%(here)s/order; exit 0' TERM; while :; do sleep 0.05; done"`
	d.Configure(`[program:db]
command=` + says + `
[program:migrate]
command=sh -c "sleep 0.3; echo migrate ends >>%(here)s/order"
startsecs=0
autorestart=false
depends_on=db
[program:web]
command=` + says + `
depends_on=migrate:success, idle?
wait_for=file:` + d.Path("flag") + `
priority=1
[program:idle]
command=sleep 1000
autostart=false
` + more)
}

func expectStatus(d *e2e.Daemon, name, want string) {
	d.T.Helper()
	d.Await(name+" is "+want, func() bool {
		return strings.Contains(strings.Join(strings.Fields(d.Ctl("status", name)), " "), name+" "+want)
	})
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	configureDependencies(d, "")
	d.Start()
	expectStatus(d, "web", "STOPPED waiting for file:"+d.Path("flag"))
	if why := d.Ctl("why", "web"); !strings.Contains(why, "probe: waits for file:") {
		t.Errorf("why: %s", why)
	}
	d.Write("flag", "")
	d.AwaitRunning("web", "db")
	if out := d.Ctl("graph"); !strings.Contains(out, "migrate:success              holds") {
		t.Errorf("graph: %s", out)
	}
	if out := d.Ctl("stop", "all"); !strings.Contains(out, "web: stopped") || !strings.Contains(out, "db: stopped") {
		t.Errorf("stop all: %s", out)
	}
	want := "db begins\nmigrate ends\nweb begins\nweb ends\ndb ends\n"
	if got := d.Read("order"); got != want {
		t.Errorf("the order was\n%s, want\n%s", got, want)
	}
	os.Remove(d.Path("order"))
	d.ExpectCtl("start --no-deps web", "web: started\n")
	if got := d.Read("order"); got != "web begins\n" {
		t.Errorf("it brought %s", got)
	}
	d.Ctl("stop", "web")
	os.Remove(d.Path("order"))
	d.ExpectCtl("start web", "web: started\n")
	if got := d.Read("order"); got != "web begins\n" { // migrate has succeeded already
		t.Errorf("the order was\n%s", got)
	}
	d.Ctl("start", "db")
	os.Remove(d.Path("order"))
	if out := d.Ctl("shutdown", "--timeout", "30s", "--progress"); !strings.Contains(out, "Shut down\nwaiting for ") || !strings.HasSuffix(out, "supervisord is gone\n") {
		t.Errorf("shutdown: %s", out)
	}
	if got := d.Read("order"); got != "web ends\ndb ends\n" {
		t.Errorf("the order was\n%s", got)
	}
	if got := d.ExitStatus(); got != 0 {
		t.Errorf("exit status %d", got)
	}
}

func TestFailedStartNamesDependency(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:db]\ncommand=false\nstartretries=0\nautostart=false\n[program:web]\ncommand=sleep 1000\ndepends_on=db\nautostart=false\n")
	d.Start()
	d.Await("the daemon answers", func() bool { return strings.Contains(d.Ctl("status"), "web") })
	want := "web: ERROR (abnormal termination: it needs db:ready, and db is FATAL (Exited too quickly (process log may have details)))\n"
	d.ExpectCtl("start web", want)
}

// TestWaitingStartAcrossDaemons: over a crash, an upgrade and a restart of the daemon;
// and who has been told not to start is not started.
func TestWaitingStartAcrossDaemons(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*e2e.Daemon){
		"crash":   func(d *e2e.Daemon) { d.Crash(); d.Start() },
		"upgrade": func(d *e2e.Daemon) { d.Ctl("upgrade") },
	} {
		t.Run(name, func(t *testing.T) {
			d := e2e.NewDaemon(t)
			configureDependencies(d, "[program:late]\ncommand=sleep 1000\ndepends_on=web\n[program:asked]\ncommand=sleep 1000\ndepends_on=web\nautostart=false\n"+
				"[program:bound]\ncommand=sleep 1000\ndepends_on=other!\n[program:other]\ncommand=sleep 1000\n")
			d.Start()
			d.AwaitRunning("db", "bound")
			db := d.ProgramPID("db")
			expectStatus(d, "late", "STOPPED waiting for web:ready")
			d.ExpectCtl("stop late", "late: stopped\n")
			asking, ended := d.StartCtl("start", "asked")
			d.Ctl("stop", "other")
			expectStatus(d, "asked", "STOPPED waiting for web:ready")
			expectStatus(d, "bound", "STOPPED waiting for other:ready")
			_ = asking.Process.Kill()
			<-ended
			change(d)
			d.AwaitRunning("db")
			d.ExpectPID("db", db)
			expectStatus(d, "web", "STOPPED waiting for file:"+d.Path("flag"))
			d.Write("flag", "")
			d.AwaitRunning("web", "asked")
			d.Ctl("start", "other")
			d.AwaitRunning("bound")
			if status := d.Ctl("status", "late"); !strings.Contains(status, "Not started") {
				t.Errorf("late: %s", status)
			}
		})
	}
}

func TestRestartOfTheDaemonStartsInOrder(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	configureDependencies(d, "")
	d.Write("flag", "")
	d.Start()
	d.AwaitRunning("web")
	os.Remove(d.Path("order"))
	d.Ctl("reload")
	want := "web ends\ndb ends\ndb begins\nmigrate ends\nweb begins\n"
	d.Await("the new order", func() bool { return d.Read("order") == want })
}

func TestShutdownDeadline(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:stubborn]\ncommand=" + d.IgnoreTERMCommand("stubborn") + "\nstopwaitsecs=10000\npriority=1\n" +
		"[program:stubborn2]\ncommand=" + d.IgnoreTERMCommand("stubborn2") + "\nstopwaitsecs=10000\n")
	d.AddOptions("shutdown_timeout=1s")
	d.Start()
	d.AwaitRunning("stubborn", "stubborn2")
	d.AwaitIgnoresTERM("stubborn", "stubborn2")
	begun := time.Now()
	d.Ctl("shutdown")
	if got := d.ExitStatus(); got != 0 {
		t.Errorf("exit status %d", got)
	}
	if took := time.Since(begun); took < time.Second || took > e2e.Timeout {
		t.Errorf("it took %s", took)
	}
	if log := d.Log(); !strings.Contains(log, "the time for the shutdown is over, killing stubborn, stubborn2") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestExampleLoads: in ours without a warning, and in the real Supervisor.
func TestExampleLoads(t *testing.T) {
	t.Parallel()
	example, err := filepath.Abs("../../../../docs/examples/laravel-pod.conf")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("supervisord", "-t", "--strict", "-c", example).CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "is fine.") {
		t.Errorf("%v:\n%s", err, out)
	}
	const read = "import sys; from supervisor.options import ServerOptions; o = ServerOptions(); o.realize(['-c', sys.argv[1]]); " +
		"print(' '.join(sorted(g.name for g in o.process_group_configs)))"
	python, err := exec.LookPath("/usr/bin/python3")
	if err != nil || exec.Command(python, "-c", "import supervisor.options").Run() != nil {
		t.Skip("SKIPPED: there is no Supervisor to read the example")
	}
	out, err = exec.Command(python, "-c", read, example).CombinedOutput()
	if names := strings.Fields(string(out)); err != nil || !slices.Equal(names, []string{"migrate", "nginx", "php-fpm", "queue"}) {
		t.Errorf("Supervisor reads it as %s, %v", out, err)
	}
}
