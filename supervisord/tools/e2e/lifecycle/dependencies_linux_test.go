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

// configureDependencies configures a pod in which each program waits for the one
// before. Programs add a line to the file order when they start and when they end;
// the trap is set before the first line.
func configureDependencies(d *e2e.Daemon, more string) {
	d.T.Helper()
	const writesOrder = `sh -c "trap 'sleep 0.2; echo %(program_name)s ends >>%(here)s/order; exit 0' TERM; echo %(program_name)s begins >>%(here)s/order; while :; do sleep 0.05; done"`
	d.Configure(`[program:db]
command=` + writesOrder + `
[program:migrate]
command=sh -c "sleep 0.3; echo migrate ends >>%(here)s/order"
startsecs=0
autorestart=false
depends_on=db
[program:web]
command=` + writesOrder + `
depends_on=migrate:success, idle?
wait_for=file:` + d.Path("flag") + `
priority=1
[program:idle]
command=sleep 1000
autostart=false
` + more)
}

// expectOrder waits for as many lines in the file order and compares them, then
// removes the file.
func expectOrder(d *e2e.Daemon, want string) {
	d.T.Helper()
	d.Await("the lines of the order", func() bool { return strings.Count(d.Read("order"), "\n") >= strings.Count(want, "\n") })
	if got := d.Read("order"); got != want {
		d.T.Errorf("the order was\n%s, want\n%s", got, want)
	}
	d.Remove("order")
}

// startPod starts the pod, reports on the program that waits, and lets it start.
func startPod(t *testing.T) *e2e.Daemon {
	t.Helper()
	d := e2e.NewDaemon(t)
	configureDependencies(d, "")
	d.Start()
	d.AwaitStatus("web", "STOPPED waiting for file:"+d.Path("flag"))
	if why := d.Ctl("why", "web"); !strings.Contains(why, "probe: waits for file:") {
		t.Errorf("why: %s", why)
	}
	d.Touch("flag")
	d.AwaitRunning("web", "db")
	return d
}

// TestDependencies checks the order of starts and stops, of all programs and of one.
func TestDependencies(t *testing.T) {
	t.Parallel()
	d := startPod(t)
	if out := d.Ctl("graph"); !strings.Contains(out, "migrate:success              holds") {
		t.Errorf("graph: %s", out)
	}
	d.AwaitText("order", "web begins")
	if out := d.Ctl("stop", "all"); !strings.Contains(out, "web: stopped") || !strings.Contains(out, "db: stopped") {
		t.Errorf("stop all: %s", out)
	}
	expectOrder(d, "db begins\nmigrate ends\nweb begins\nweb ends\ndb ends\n")
	d.ExpectCtl("start --no-deps web", "web: started\n")
	expectOrder(d, "web begins\n")
	d.Ctl("stop", "web")
	expectOrder(d, "web ends\n")
	d.ExpectCtl("start web", "web: started\n")
	expectOrder(d, "web begins\n") // migrate has succeeded already
}

func TestShutdownInOrder(t *testing.T) {
	t.Parallel()
	d := startPod(t)
	expectOrder(d, "db begins\nmigrate ends\nweb begins\n")
	out := d.Ctl("shutdown", "--timeout", "30s", "--progress")
	if !strings.Contains(out, "Shut down\nwaiting for ") || !strings.HasSuffix(out, "supervisord is gone\n") {
		t.Errorf("shutdown: %s", out)
	}
	expectOrder(d, "web ends\ndb ends\n")
	d.ExpectExit()
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

// TestWaitingStartAcrossDaemons checks that a start which waits for a dependency still
// waits after a crash and an upgrade, and that a start which was stopped is not made.
func TestWaitingStartAcrossDaemons(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*e2e.Daemon){
		"crash":   func(d *e2e.Daemon) { d.Crash(); d.Start() },
		"upgrade": func(d *e2e.Daemon) { d.Ctl("upgrade") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			configureDependencies(d, "[program:late]\ncommand=sleep 1000\ndepends_on=web\n[program:asked]\ncommand=sleep 1000\ndepends_on=web\nautostart=false\n"+
				"[program:bound]\ncommand=sleep 1000\ndepends_on=other!\n[program:other]\ncommand=sleep 1000\n")
			d.Start()
			d.AwaitRunning("db", "bound")
			db := d.ProgramPID("db")
			d.AwaitStatus("late", "STOPPED waiting for web:ready")
			d.ExpectCtl("stop late", "late: stopped\n")
			asking, ended := d.StartCtl("start", "asked")
			d.Ctl("stop", "other")
			d.AwaitStatus("asked", "STOPPED waiting for web:ready")
			d.AwaitStatus("bound", "STOPPED waiting for other:ready")
			_ = asking.Process.Kill()
			<-ended
			change(d)
			d.AwaitRunning("db")
			d.ExpectPID("db", db)
			d.AwaitStatus("web", "STOPPED waiting for file:"+d.Path("flag"))
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

func TestReloadStartsInOrder(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	configureDependencies(d, "")
	d.Write("flag", "")
	d.Start()
	d.AwaitRunning("web")
	os.Remove(d.Path("order"))
	d.Ctl("reload")
	want := "web ends\ndb ends\ndb begins\nmigrate ends\nweb begins\n"
	d.Await("a stop and a start in order", func() bool { return d.Read("order") == want })
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

// TestExampleLoads loads an example of the documentation in this supervisord, without a
// warning, and in Python Supervisor.
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
		t.Skip("SKIPPED: Python Supervisor is not installed")
	}
	out, err = exec.Command(python, "-c", read, example).CombinedOutput()
	if names := strings.Fields(string(out)); err != nil || !slices.Equal(names, []string{"migrate", "nginx", "php-fpm", "queue"}) {
		t.Errorf("Supervisor reads it as %s, %v", out, err)
	}
}
