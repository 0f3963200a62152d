package sockets

import (
	"fmt"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// TestGunicornOnSocket restarts two gunicorns that share a socket one by one, without a
// failed request, and crashes and upgrades the daemon.
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
	l.expectNoFailures("before any change")
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
	t.Logf("%d answers, %d connections broken by SIGKILL", l.answered.Load(), l.broken.Load())

	// gunicorn does not remove the file of a unix socket that it got by LISTEN_FDS.
	one := startTraffic(t, "unix", d.Path("local.sock"), 1)
	one.awaitAnswers()
	d.Ctl("restart", "local")
	one.expectNoFailures("restart of the only one")
	one.stop()
}

// TestNodeOnSocket runs node on the descriptor of a socket. The handler of SIGTERM is set
// before the first connection is accepted.
func TestNodeOnSocket(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "node")
	d := e2e.NewDaemon(t)
	d.Write("app.js", `const server = require('http').createServer((q, r) => r.end('hello'))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
server.listen({fd: 3}, () => console.log('listening'))
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
