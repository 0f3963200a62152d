package sockets

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit/e2e"
)

var webNames = []string{"web:web_0", "web:web_1"}

// startWeb starts two programs on one TCP socket, and clients that use it all the time.
func startWeb(t *testing.T) (d *e2e.Daemon, port int, l *traffic) {
	t.Helper()
	d, port = e2e.NewDaemon(t), e2e.FreePort(t)
	d.Configure(fmt.Sprintf(`[socket:web]
listen=tcp://127.0.0.1:%d
[program:web]
command=child serve
process_name=%%(program_name)s_%%(process_num)d
numprocs=2
sockets=web
startsecs=0
autorestart=true
`, port))
	d.Start()
	d.AwaitRunning(webNames...)
	l = startTraffic(t, "tcp", fmt.Sprintf("127.0.0.1:%d", port), 4)
	l.expectNoFailures("before any change")
	return d, port, l
}

// TestSocketAcrossRestarts restarts, ends and kills programs on a socket. No connection
// is refused, and only SIGKILL of a program breaks connections.
func TestSocketAcrossRestarts(t *testing.T) {
	t.Parallel()
	d, _, l := startWeb(t)
	for range 3 {
		for _, name := range webNames {
			if out := d.Ctl("restart", name); !strings.Contains(out, "started") {
				t.Error(out)
			}
			l.expectNoFailures("restart of " + name)
		}
	}
	d.Ctl("restart", "web:*") // both at the same time: connections are queued
	l.expectNoFailures("restart of all")
	d.Ctl("signal", "TERM", "web:web_0")
	d.AwaitRunning("web:web_0")
	l.expectNoFailures("exit of one")

	old := d.ProgramPID("web:web_0")
	e2e.Kill(t, old)
	d.AwaitOtherPID("web:web_0", old)
	l.awaitAnswers()
	t.Logf("SIGKILL of a program has broken %d connections", l.broken.Swap(0))
	l.stop()
	t.Logf("%d answers", l.answered.Load())
}

// TestSocketAcrossDaemons crashes and upgrades the daemon. No request fails, and there is
// one listening socket until the shutdown.
func TestSocketAcrossDaemons(t *testing.T) {
	t.Parallel()
	d, port, l := startWeb(t)
	for range 2 {
		pids := d.ProgramPIDs(webNames...)
		d.Crash()
		l.expectNoFailures("without a daemon")
		d.Start()
		d.AwaitRunning(webNames...)
		l.expectNoFailures("adoption")
		d.Upgrade()
		l.expectNoFailures("upgrade")
		d.ExpectPIDs(webNames, pids)
		d.Ctl("restart", "web:web_0")
		l.expectNoFailures("restart of an adopted program")
		if n := countListening(t, port); n != 1 {
			t.Errorf("%d sockets listen", n)
		}
	}
	l.stop()
	t.Logf("%d answers", l.answered.Load())
	d.Ctl("shutdown")
	d.ExpectExit()
	if n := countListening(t, port); n != 0 {
		t.Errorf("%d sockets listen after the shutdown", n)
	}
}

// TestQueuedConnectionAcrossDaemons connects while no program accepts connections. A
// program that is started by a later daemon answers.
func TestQueuedConnectionAcrossDaemons(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(`[socket:web]
listen=unix://%(here)s/web.sock
[program:web]
command=child serve
sockets=web
[program:other]
command=sleep 1000
sockets=web
`)
	d.Start()
	d.AwaitRunning("web", "other")
	d.Ctl("stop", "web")
	c, err := net.Dial("unix", d.Path("web.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
	d.Ctl("upgrade")
	d.Crash()
	d.Start()
	d.AwaitRunning("other")
	d.Ctl("start", "web")
	if err := c.SetReadDeadline(time.Now().Add(e2e.Timeout)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(answer), "web ") {
		t.Errorf("got %q, %v", answer, err)
	}
	if out := d.Ctl("sockets"); !strings.HasPrefix(out, "web                              OPEN      unix://"+d.Path("web.sock")) ||
		!strings.HasSuffix(out, ", for other web\n") {
		t.Errorf("sockets: %s", out)
	}
	d.Ctl("shutdown")
	_ = d.Cmd.Wait()
	if d.Exists("web.sock") {
		t.Error("the file is left")
	}
}

// TestSocketAcrossUpdates checks that a socket stays open while its section is the same,
// whatever changes in its programs, and is bound again when the section changes.
func TestSocketAcrossUpdates(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	conf := func(socket, program string) {
		d.Configure("[socket:web]\nlisten=unix://%(here)s/" + socket + ".sock\n" + program)
	}
	serve := "[program:web]\ncommand=child serve\nsockets=web\n"
	conf("a", serve)
	d.Start()
	d.AwaitRunning("web")
	file, err := os.Lstat(d.Path("a.sock"))
	if err != nil {
		t.Fatal(err)
	}
	pid := d.ProgramPID("web")
	d.ExpectCtl("update", "")
	d.ExpectPID("web", pid)
	l := startTraffic(t, "unix", d.Path("a.sock"), 2)
	conf("a", serve+"priority=5\ndirectory=/\n")
	d.Ctl("update")
	d.AwaitRunning("web")
	l.expectNoFailures("update of the program")
	conf("a", serve+"stopwaitsecs=11\n[program:more]\ncommand=child serve\nsockets=web\n")
	d.Ctl("update")
	d.AwaitRunning("web", "more")
	l.expectNoFailures("another program")
	l.stop()
	if now, err := os.Lstat(d.Path("a.sock")); err != nil || !os.SameFile(file, now) {
		t.Errorf("the socket was bound again: %v", err)
	}
	conf("b", serve)
	d.ExpectCtl("reread", "more: disappeared\nweb: changed\n")
	if !d.Answers("a.sock") {
		t.Error("reread has closed the socket")
	}
	d.Ctl("update")
	d.AwaitRunning("web")
	if d.Answers("a.sock") || !d.Answers("b.sock") {
		t.Error("update has not bound the new address")
	}
	conf("b", "")
	d.Ctl("update")
	if d.Answers("b.sock") {
		t.Error("the socket is open for no program")
	}
	if out := d.Ctl("sockets"); !strings.Contains(out, "CLOSED") || !strings.Contains(out, ", for no process") {
		t.Errorf("sockets: %s", out)
	}
}

// TestSocketBindFailure has another process listen on the address of a socket. Programs
// fail with the reason, and are retried.
func TestSocketBindFailure(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	d.Configure(fmt.Sprintf(`[socket:web]
listen=tcp://%s
[program:web]
command=child serve
sockets=web
startretries=100
[program:failing]
command=child serve
sockets=web
startretries=0
[program:quiet]
command=sleep 1000
`, other.Addr()))
	d.Start()
	d.AwaitRunning("quiet")
	why := fmt.Sprintf("[socket:web] can't listen on tcp://%s: another process listens there (address already in use)", other.Addr())
	d.Await("the failure", func() bool {
		status := d.Ctl("status", "web", "failing")
		return strings.Contains(status, "BACKOFF   "+why) && strings.Contains(status, "FATAL     "+why)
	})
	if log := d.Log(); strings.Count(log, " ERRO "+why) != 1 {
		t.Errorf("the log is\n%s", log)
	}
	if out := d.Ctl("sockets"); !strings.Contains(out, "FAILED    "+why) {
		t.Errorf("sockets: %s", out)
	}
	if out := d.Ctl("why", "failing"); !strings.Contains(out, "    socket: "+why) {
		t.Errorf("why: %s", out)
	}
	other.Close()
	d.AwaitRunning("web")
	d.ExpectCtl("start failing", "failing: started\n")
}

// TestSocketWithOtherOptions checks that user, umask, directory, stdin and the outputs of
// a program with sockets are as those of others.
func TestSocketWithOtherOptions(t *testing.T) {
	t.Parallel()
	e2e.NeedRoot(t, "have programs of other users")
	d := e2e.NewDaemon(t)
	d.Configure(fmt.Sprintf(`[socket:web]
listen=unix://%%(here)s/web.sock
socket_mode=0666
socket_owner=nobody
[socket:admin]
listen=tcp://127.0.0.1:%d
backlog=5
[program:web]
command=bash -c 'echo $LISTEN_FDS $LISTEN_FDNAMES $((LISTEN_PID - $$)) $(id -un) $(umask) $(pwd); readlink /proc/$$/fd/[0-4] | sed s/:.*// | uniq -c; echo oops >&2; cat'
user=nobody
umask=027
directory=/tmp
redirect_stderr=true
sockets=admin,web
stdout_logfile=%%(here)s/web.log
`, e2e.FreePort(t)))
	d.Start()
	d.AwaitRunning("web")
	d.AwaitText("web.log", "oops")
	want := "2 admin:web 0 nobody 0027 /tmp\n      3 pipe\n      2 socket\n"
	if got := d.Read("web.log"); !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	info, err := os.Lstat(d.Path("web.sock"))
	if err != nil || info.Mode().Perm() != 0o666 || info.Sys().(*syscall.Stat_t).Uid != 65534 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

// TestDaemonCrashWithoutSurvivors kills the program, too: a new daemon binds the socket.
func TestDaemonCrashWithoutSurvivors(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[socket:web]\nlisten=unix://%(here)s/web.sock\n[program:web]\ncommand=child serve\nsockets=web\n", "web")
	pid := d.ProgramPID("web")
	d.Crash()
	e2e.Kill(t, pid)
	d.Await("the socket is closed", func() bool { return !d.Answers("web.sock") })
	d.Start()
	d.AwaitRunning("web")
	if !d.Answers("web.sock") {
		t.Error("the socket is not open")
	}
}
