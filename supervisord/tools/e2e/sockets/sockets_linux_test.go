package sockets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit/e2e"
)

// traffic asks for a page all the time, over a connection of its own each time.
type traffic struct {
	t                         *testing.T
	network, address          string
	answered, broken, refused atomic.Int64 // lost are connections that were refused
	stop                      func()
}

// startTraffic has clients ask until the returned load is stopped. A refused
// connection fails the test at once, one that breaks is counted.
func startTraffic(t *testing.T, network, address string, clients int) *traffic {
	t.Helper()
	l := &traffic{t: t, network: network, address: address}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	l.stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(l.stop)
	for range clients {
		all.Go(func() {
			client := l.client()
			for ctx.Err() == nil {
				l.request(client)
			}
		})
	}
	return l
}

func (l *traffic) client() *http.Client {
	return &http.Client{Timeout: e2e.Timeout, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, l.network, l.address)
		},
	}}
}

func (l *traffic) request(client *http.Client) {
	r, err := client.Get("http://example.org/")
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	switch op, isOp := errors.AsType[*net.OpError](err); {
	case err == nil && r.StatusCode == http.StatusOK:
		l.answered.Add(1)
	case isOp && op.Op == "dial":
		l.refused.Add(1)
		l.t.Errorf("refused: %v", err)
	default:
		l.t.Logf("broken: %v", err)
		l.broken.Add(1)
	}
}

// awaitAnswers waits until some more answers have come.
func (l *traffic) awaitAnswers() {
	l.t.Helper()
	before := l.answered.Load()
	if !e2e.Poll(func() bool { return l.answered.Load() >= before+20 }) {
		l.t.Fatalf("no answers any more: %d", before)
	}
}

// expectNoFailures wants that no request has failed since the last call.
func (l *traffic) expectNoFailures(when string) {
	l.t.Helper()
	l.awaitAnswers()
	if n := l.broken.Swap(0); n > 0 {
		l.t.Errorf("%s: %d requests failed", when, n)
	}
}

// countListening counts the sockets that listen on a TCP port of this host.
func countListening(t *testing.T, port int) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 3 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) && f[3] == "0A" {
			n++
		}
	}
	return n
}

// TestSocketStaysOpen: whatever happens to programs and daemon, nobody
// who connects is refused as long as one of the programs lives, and nobody is cut
// off but by who has been killed.
func TestSocketStaysOpen(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	port := e2e.FreePort(t)
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
	d.AwaitRunning("web:web_0", "web:web_1")
	l := startTraffic(t, "tcp", fmt.Sprintf("127.0.0.1:%d", port), 4)
	l.expectNoFailures("at rest")

	for range 3 {
		for _, name := range []string{"web:web_0", "web:web_1"} {
			if out := d.Ctl("restart", name); !strings.Contains(out, "started") {
				t.Error(out)
			}
			l.expectNoFailures("restart of " + name)
		}
	}
	d.Ctl("restart", "web:*") // both at a time: who connects waits
	l.expectNoFailures("restart of all")
	d.Ctl("signal", "TERM", "web:web_0")
	d.AwaitRunning("web:web_0")
	l.expectNoFailures("end of one")

	old := d.ProgramPID("web:web_0")
	e2e.Kill(t, old)
	d.AwaitOtherPID("web:web_0", old)
	l.awaitAnswers()
	t.Logf("a crash of a program has cut off %d", l.broken.Swap(0))

	for range 2 {
		pids := d.ProgramPIDs("web:web_0", "web:web_1")
		d.Crash()
		l.expectNoFailures("without a daemon")
		d.Start()
		d.AwaitRunning("web:web_0", "web:web_1")
		l.expectNoFailures("adoption")
		d.Upgrade()
		l.expectNoFailures("upgrade")
		if after := d.ProgramPIDs("web:web_0", "web:web_1"); fmt.Sprint(after) != fmt.Sprint(pids) {
			t.Errorf("the pids were %v and are %v", pids, after)
		}
		d.Ctl("restart", "web:web_0")
		l.expectNoFailures("restart of one that was adopted")
		if n := countListening(t, port); n != 1 {
			t.Errorf("%d sockets listen", n)
		}
	}
	l.stop()
	t.Logf("%d answers, %d refusals", l.answered.Load(), l.refused.Load())
	d.Ctl("shutdown")
	d.ExpectExit()
	if n := countListening(t, port); n != 0 {
		t.Errorf("%d sockets listen after the end", n)
	}
}

// TestQueuedConnectionAcrossDaemons: who has connected and has not been
// accepted yet is answered by a program that is born later.
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
		t.Error("the file stays")
	}
}

// TestSocketAcrossUpdates: it is the same as long as its section says so, and is
// bound anew when that says otherwise.
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
		t.Errorf("it is another file: %v", err)
	}
	conf("b", serve)
	d.ExpectCtl("reread", "more: disappeared\nweb: changed\n")
	if !d.Answers("a.sock") {
		t.Error("a mere reread has closed it")
	}
	d.Ctl("update")
	d.AwaitRunning("web")
	if d.Answers("a.sock") || !d.Answers("b.sock") {
		t.Error("it has not moved")
	}
	conf("b", "")
	d.Ctl("update")
	if d.Answers("b.sock") {
		t.Error("it is open for nobody")
	}
	if out := d.Ctl("sockets"); !strings.Contains(out, "CLOSED") || !strings.Contains(out, ", for no process") {
		t.Errorf("sockets: %s", out)
	}
}

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
	why := fmt.Sprintf("[socket:web] can't listen on tcp://%s: somebody else listens there (address already in use)", other.Addr())
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

// TestSocketWithOtherOptions: user, umask, directory, stdin and the outputs are as
// for any program.
func TestSocketWithOtherOptions(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can have programs of other users")
	}
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

// TestDaemonCrashWithoutSurvivors: the sockets are bound anew.
func TestDaemonCrashWithoutSurvivors(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[socket:web]\nlisten=unix://%(here)s/web.sock\n[program:web]\ncommand=child serve\nsockets=web\n")
	d.Start()
	d.AwaitRunning("web")
	pid := d.ProgramPID("web")
	d.Crash()
	e2e.Kill(t, pid)
	d.Await("its end", func() bool { return !d.Answers("web.sock") })
	d.Start()
	d.AwaitRunning("web")
	if !d.Answers("web.sock") {
		t.Error("nobody listens")
	}
}

// TestGunicornOnSocket: two of them, each with a worker, are a server that can
// be restarted one by one.
func TestGunicornOnSocket(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "gunicorn")
	d := e2e.NewDaemon(t)
	d.Write("app.py", "def app(environ, start_response):\n    start_response('200 OK', [('Content-Length', '5')])\n    return [b'hello']\n")
	port := e2e.FreePort(t)
	d.Configure(fmt.Sprintf(`[socket:web]
listen=tcp://127.0.0.1:%d
[socket:local]
listen=unix://%%(here)s/local.sock
[program:web]
command=gunicorn --bind fd://3 --workers 1 --graceful-timeout 20 app:app
process_name=%%(program_name)s_%%(process_num)d
numprocs=2
directory=%%(here)s
sockets=web
[program:local]
command=gunicorn --workers 1 app:app
directory=%%(here)s
sockets=local
`, port))
	d.Start()
	names := []string{"web:web_0", "web:web_1"}
	d.AwaitRunning(append(names, "local")...)
	l := startTraffic(t, "tcp", fmt.Sprintf("127.0.0.1:%d", port), 2)
	l.expectNoFailures("at rest")
	for _, name := range names {
		d.Ctl("restart", name)
		l.expectNoFailures("restart of " + name)
	}
	old := d.ProgramPID("web:web_0")
	e2e.Kill(t, old)
	d.AwaitOtherPID("web:web_0", old)
	l.awaitAnswers()
	d.Crash()
	l.awaitAnswers()
	d.Start()
	d.AwaitRunning(names...)
	l.awaitAnswers()
	d.Ctl("upgrade")
	l.awaitAnswers()
	d.Ctl("restart", "web:web_1")
	l.awaitAnswers()
	l.stop()
	t.Logf("%d answers, %d refusals, %d cut off by a crash", l.answered.Load(), l.refused.Load(), l.broken.Load())

	// It knows whose the file of a unix socket is, if it is told by LISTEN_FDS.
	one := startTraffic(t, "unix", d.Path("local.sock"), 1)
	one.awaitAnswers()
	d.Ctl("restart", "local")
	one.expectNoFailures("restart of the only one")
	one.stop()
}

// TestNodeOnSocket: it listens on a descriptor by its number.
func TestNodeOnSocket(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "node")
	d := e2e.NewDaemon(t)
	d.Write("app.js", `const server = require('http').createServer((q, r) => r.end('hello'))
server.listen({fd: 3}, () => console.log('listening'))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`)
	d.Configure("[socket:web]\nlisten=unix://%(here)s/web.sock\n[program:web]\ncommand=node app.js\ndirectory=%(here)s\nsockets=web\n" +
		"process_name=%(program_name)s_%(process_num)d\nnumprocs=2\n")
	d.Start()
	d.AwaitRunning("web:web_0", "web:web_1")
	l := startTraffic(t, "unix", d.Path("web.sock"), 2)
	l.awaitAnswers()
	d.Ctl("restart", "web:web_0")
	l.expectNoFailures("restart of one")
	l.stop()
}
