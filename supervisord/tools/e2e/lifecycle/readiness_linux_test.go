package lifecycle

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// startOneOfEachKind starts a program for each kind of ready=, named after it, and plain,
// which has none. They get ready when the file go exists.
func startOneOfEachKind(t *testing.T) *e2e.Daemon {
	t.Helper()
	d := e2e.NewDaemon(t)
	web, tcp := e2e.FreeAddress(t), e2e.FreeAddress(t)
	d.Configure(fmt.Sprintf(`[program:http]
command=child await %[1]s open %[2]s,%[4]s/ill wait
ready=http://%[2]s/up
ready_timeout=1h
[program:tcp]
command=child await %[1]s open %[3]s, wait
ready=tcp://%[3]s
ready_timeout=1h
[program:unix]
command=child await %[1]s open %[4]s/u.sock, wait
ready=unix:%[4]s/u.sock
ready_timeout=1h
[program:exec]
command=child wait
ready=exec:sh -c 'echo "not for $SUPERVISOR_PROCESS_NAME"; test -e %[1]s'
ready_timeout=1h
[program:file]
command=child wait
ready=file:%[1]s
ready_timeout=1h
[program:notify]
command=child notify "STATUS=Loading 3 of 7" await %[1]s notify "READY=1|STATUS=Serving" wait
ready=notify
ready_timeout=1h
[program:fd]
command=child await %[1]s writefd 5 wait
ready=fd:5
ready_timeout=1h
[program:log]
command=child say starting await %[1]s warn "ready to serve" wait
ready=log:^ready to
ready_timeout=1h
[program:plain]
command=child wait
[fcgi-program:fcgi]
command=child await %[1]s fcgi
socket=unix://%[4]s/f.sock
ready=fcgi://%[4]s/f.sock/ping
ready_timeout=1h
`, d.Path("go"), web, tcp, d.Dir))
	d.Start()
	return d
}

var readyKinds = []string{"http", "tcp", "unix", "exec", "file", "notify", "fd", "log", "fcgi"}

// TestReadiness checks that a program of each kind is RUNNING when it is ready and no
// sooner, and that supervisorctl reports what it waits for.
func TestReadiness(t *testing.T) {
	t.Parallel()
	d := startOneOfEachKind(t)
	d.AwaitStatus("plain", "RUNNING")
	for name, why := range map[string]string{
		"http": "connection refused", "tcp": "connection refused", "unix": "no such file or directory",
		"exec": "exit status 1: not for exec", "file": "no such file or directory", "notify": "Loading 3 of 7",
		"fd": "no line on descriptor 5 yet", "log": "no matching line of output yet", "fcgi": "no answer within 2s",
	} {
		d.AwaitStatus(name, name+" STARTING waiting to be ready: "+why)
	}
	if out := d.Status("plain"); !strings.HasPrefix(out, "plain RUNNING pid ") || strings.Contains(out, "ready") {
		t.Errorf("status of a program without ready=: %s", out)
	}
	d.ExpectCtl("wait http --timeout 100ms", "http: ERROR (not ready within 100ms)\n")
	d.Touch("go")
	for _, name := range readyKinds {
		if out := d.Ctl("wait", name); out != name+": ready\n" {
			t.Errorf("wait %s: %s", name, out)
		}
		if out := d.Status(name); !strings.HasPrefix(out, name+" RUNNING pid ") || !strings.HasSuffix(out, ", ready") {
			t.Errorf("status: %s", out)
		}
	}
	if out := d.Ctl("why", "notify"); !strings.Contains(out, "ready = notify: it is ready") || !strings.Contains(out, "it says: Serving") {
		t.Errorf("why: %s", out)
	}
	if out := d.Ctl("health"); strings.Count(out, " ready ") != 9 || strings.Contains(out, "plain") {
		t.Errorf("health: %s", out)
	}
	d.ExpectCtl("restart http", "http: stopped\nhttp: started\n")
	d.Ctl("shutdown")
	d.ExpectExit()
	if d.Exists("supervisord.pid.notify") {
		t.Error("the directory of the sockets is left")
	}
}

func TestNotReadyInTime(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(`[program:stubborn]
command=` + d.IgnoreTERMCommand("stubborn") + `
ready=file:/none
ready_timeout=3s
stopwaitsecs=1
startretries=1
[program:patient]
command=child wait
ready=file:/none
ready_timeout=infinity
[program:killed]
command=child await ` + d.Path("go") + ` exit 3
ready=file:/none
ready_timeout=1h
startretries=0
`)
	d.Start()
	const why = "not ready within 3 seconds (no such file or directory)"
	d.AwaitStatus("stubborn", "stubborn FATAL "+why)
	if got := d.CountLogged("WARN killing 'stubborn'"); got != 2 {
		t.Errorf("it was killed %d times", got)
	}
	d.ExpectCtl("wait stubborn", "stubborn: ERROR (stubborn was given up: "+why+")\n")
	d.AwaitStatus("patient", "STARTING")
	d.ExpectCtl("stop patient", "patient: stopped\n")
	d.Await("more than startsecs", func() bool { return d.CountLogged("spawned: 'stubborn'") == 2 })
	d.Touch("go")
	d.AwaitStatus("killed", "FATAL Exited ")
}

// TestHealth checks that unhealthy programs are restarted and logged once, and that
// health_action=none only logs.
func TestHealth(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	web := e2e.FreeAddress(t)
	d.Configure(fmt.Sprintf(`[program:web]
command=child open %[1]s,%[2]s/ill wait
ready=tcp://%[1]s
ready_timeout=1h
health=http://%[1]s/
health_interval=100ms
health_timeout=1m
health_failures=2
[program:watched]
command=child notify "READY=1" watchdog %[2]s/alive wait
ready=notify
ready_timeout=1h
health=notify
health_interval=3s
health_failures=2
stdout_logfile=%[2]s/watched.log
[program:observed]
command=child wait
health=exec:test -e %[2]s/alive
health_interval=100ms
health_timeout=1m
health_action=none
`, web, d.Dir))
	d.Touch("alive")
	d.Start()
	names := []string{"web", "watched", "observed"}
	for _, name := range names {
		d.AwaitStatus(name, ", healthy")
	}
	before := d.ProgramPIDs(names...)
	d.Touch("ill")
	d.AwaitOtherPID("web", before[0])
	d.Remove("ill")
	d.AwaitStatus("web", ", healthy")
	d.Remove("alive")
	d.AwaitOtherPID("watched", before[1])
	d.AwaitStatus("observed", ", unhealthy: exit status 1")
	d.Touch("alive")
	d.AwaitStatus("watched", ", healthy")
	d.AwaitStatus("observed", ", healthy")
	d.ExpectPID("observed", before[2])
	for text, want := range map[string]int{
		fmt.Sprintf("WARN unhealthy: web (%d): http 503 from http://%s/ (2 failures in a row); it is restarted", before[0], web): 1,
		fmt.Sprintf("WARN unhealthy: watched (%d): no WATCHDOG=1 for 6s (2 failures in a row); it is restarted", before[1]):      1,
		"INFO healthy: observed (": 1,
		"probe of":                 0,
	} {
		if got := d.CountLogged(text); got != want {
			t.Errorf("%q is logged %d times, want %d", text, got, want)
		}
	}
}

// startNotifiers starts programs that report that they are ready, and waits for that,
// and programs that report it when the file go exists.
func startNotifiers(d *e2e.Daemon) (reported, silent []string) {
	d.Touch("alive")
	d.Configure(fmt.Sprintf(`[program:watched]
command=child notify "READY=1|STATUS=Serving" watchdog %[1]s/alive wait
ready=notify
ready_timeout=1h
health=notify
health_interval=4s
health_failures=2
[program:fd]
command=child writefd 5 wait
ready=fd:5
ready_timeout=1h
[program:log]
command=child say ready wait
ready=log:ready
ready_timeout=1h
[program:notify2]
command=child await %[1]s/go notify READY=1 wait
ready=notify
ready_timeout=1h
[program:fd2]
command=child await %[1]s/go writefd 5 wait
ready=fd:5
ready_timeout=1h
[program:log2]
command=child await %[1]s/go say ready wait
ready=log:ready
ready_timeout=1h
[program:file2]
command=child wait
ready=file:%[1]s/go
ready_timeout=1h
`, d.Dir))
	d.Start()
	reported, silent = []string{"watched", "fd", "log"}, []string{"notify2", "fd2", "log2", "file2"}
	d.AwaitRunning(reported...)
	d.AwaitStatus("watched", ", healthy")
	for _, name := range silent {
		d.AwaitStatus(name, "STARTING waiting")
	}
	return reported, silent
}

// TestReadinessAfterCrash checks that no program is restarted, and that the next daemon
// receives what programs report.
func TestReadinessAfterCrash(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	reported, silent := startNotifiers(d)
	names := append(reported, silent...)
	before := d.ProgramPIDs(names...)
	d.Crash()
	d.Start()
	d.AwaitStatus("watched", ", healthy") // by a WATCHDOG=1 that the new daemon received
	for i, name := range reported {
		if out := d.Status(name); !strings.HasPrefix(out, fmt.Sprintf("%s RUNNING pid %d, ", name, before[i])) {
			t.Errorf("status after the crash: %s", out)
		}
	}
	for _, name := range silent {
		d.AwaitStatus(name, "STARTING waiting")
	}
	d.Touch("go")
	for _, name := range silent {
		d.AwaitStatus(name, ", ready")
	}
	d.ExpectPIDs(names, before)
	d.Remove("alive")
	d.AwaitOtherPID("watched", before[0])
}

// TestReadyPipeWithoutDaemon checks that the next daemon reads a line that was written
// to a ready pipe while none ran, and that the program gets no SIGPIPE.
func TestReadyPipeWithoutDaemon(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(`[program:fd]
command=child await ` + d.Path("go") + ` writefd 5 say told wait
ready=fd:5
ready_timeout=1h
stdout_logfile=` + d.Path("fd.log") + `
`)
	d.Start()
	d.AwaitStatus("fd", "STARTING waiting")
	pid := d.ProgramPID("fd")
	d.Crash()
	d.Touch("go")
	d.Await("the line was written", func() bool { return !hasDescriptor(pid, 5) })
	d.Start()
	d.AwaitStatus("fd", fmt.Sprintf("RUNNING pid %d, ", pid))
}

// TestReadyWithoutDaemon checks that a program whose READY=1 was sent while no daemon
// ran is not killed at the end of ready_timeout.
func TestReadyWithoutDaemon(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(fmt.Sprintf(`[program:told]
command=child await %[1]s/go notify READY=1 open %[1]s/told wait
ready=notify
ready_timeout=2
`, d.Dir))
	d.Start()
	d.AwaitStatus("told", "STARTING waiting")
	pid := d.ProgramPID("told")
	d.Crash()
	d.Touch("go")
	d.AwaitFile("told")
	d.Start()
	d.AwaitStatus("told", fmt.Sprintf("RUNNING pid %d, ", pid))
	if log := d.Log(); !strings.Contains(log, "WARN taken for ready: told (") {
		t.Errorf("the log is\n%s", log)
	}
}

func hasDescriptor(pid, fd int) bool {
	_, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	return err == nil
}

// TestReadinessAcrossUpgrades checks that no report of a program is lost.
func TestReadinessAcrossUpgrades(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	reported, silent := startNotifiers(d)
	names := append(reported, silent...)
	before := d.ProgramPIDs(names...)
	for i := range 3 {
		d.Upgrade()
		if i == 1 {
			d.Touch("go") // at any moment of the next upgrade
		}
	}
	for _, name := range silent {
		d.AwaitStatus(name, ", ready")
	}
	if out := d.Ctl("why", "watched"); !strings.Contains(out, "it says: Serving") {
		t.Errorf("why: %s", out)
	}
	d.ExpectPIDs(names, before)
	d.AwaitStatus("watched", ", healthy")
	if got := d.CountLogged("unhealthy"); got != 0 {
		t.Errorf("unhealthy was logged %d times", got)
	}
	d.Remove("alive")
	d.AwaitOtherPID("watched", before[0])
}

// TestNotifySocketOwner checks that a program which runs as another user can use its
// notify socket, and that messages of other processes are ignored, even of root.
func TestNotifySocketOwner(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	e2e.NeedRoot(t, "have programs of other users")
	d.Configure(fmt.Sprintf(`[program:other]
command=child notify READY=1 wait
user=nobody
ready=notify
ready_timeout=1h
[program:own]
command=child await %[1]s/go notify READY=1 wait
ready=notify
ready_timeout=1h
`, d.Dir))
	d.Start()
	d.AwaitStatus("other", ", ready")
	d.AwaitStatus("own", "STARTING")
	sockets, err := os.ReadDir(d.Path("supervisord.pid.notify"))
	if err != nil || len(sockets) != 2 {
		t.Fatalf("%v, %v", sockets, err)
	}
	uids := map[uint32]int{}
	for _, e := range sockets {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		uids[info.Sys().(*syscall.Stat_t).Uid]++
		// The test is root, but no process of the program.
		c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: d.Path("supervisord.pid.notify") + "/" + e.Name(), Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("READY=1")); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	if len(uids) != 2 || uids[0] != 1 {
		t.Errorf("the sockets belong to %v", uids)
	}
	if out := d.Ctl("wait", "own", "--timeout", "500ms"); !strings.Contains(out, "ERROR") {
		t.Errorf("another process made the program ready: %s", out)
	}
	d.Touch("go")
	d.AwaitStatus("own", ", ready")
}
