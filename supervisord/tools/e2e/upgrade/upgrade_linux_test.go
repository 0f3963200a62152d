package upgrade

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit/e2e"
)

// echoListener is an event listener that writes the serials and names of its events to a file.
const echoListener = `
import sys
with open(sys.argv[1], 'a') as log:
    while True:
        sys.stdout.write('READY\n'); sys.stdout.flush()
        line = sys.stdin.readline()
        head = dict(word.split(':') for word in line.split())
        sys.stdin.read(int(head['len']))
        print(head['serial'], head['poolserial'], head['eventname'], file=log, flush=True)
        sys.stdout.write('RESULT 2\nOK'); sys.stdout.flush()
`

// busyConfig is programs with much output and input, a listener, a socket, and programs
// that start and end all the time.
func busyConfig(d *e2e.Daemon) string {
	return `[program:counter]
command=sh -c 'i=0; while :; do i=$((i+1)); echo $i; [ $((i%%100)) = 0 ] && sleep 0.02; done'
process_name=%(program_name)s_%(process_num)d
numprocs=4
stdout_logfile=` + d.Path("counter_%(process_num)d.log") + `
stdout_logfile_maxbytes=10KB
stdout_logfile_backups=1000
[program:cat]
command=cat
stdout_logfile=` + d.Path("cat.log") + `
[program:resting]
command=sleep 1000
autostart=false
[program:slow]
command=sleep 1000
startsecs=3
autostart=false
[program:restless]
command=sh -c "sleep 1.2; exit 3"
[fcgi-program:page]
command=sleep 1000
socket=unix://` + d.Path("page.sock") + `
[eventlistener:listener]
command=python3 listener.py ` + d.Path("events") + `
directory=` + d.Dir + `
events=PROCESS_STATE,REMOTE_COMMUNICATION
buffer_size=10000
`
}

// busyClients call the daemon all the time. A call that fails fails the test.
type busyClients struct {
	d       *e2e.Daemon
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	calls   atomic.Int64
	sent    atomic.Int64 // lines to cat, and as many events
}

func startClients(d *e2e.Daemon) *busyClients {
	c := &busyClients{d: d}
	c.ctx, c.cancel = context.WithCancel(d.T.Context())
	for _, run := range []func(){c.keepConnection, c.reconnect, c.change, c.waitForStart} {
		c.running.Go(run)
	}
	return c
}

func (c *busyClients) stop() {
	c.cancel()
	c.running.Wait()
	c.d.T.Logf("%d calls", c.calls.Load())
}

func (c *busyClients) client() *xmlrpc.Client {
	client, err := xmlrpc.NewClient("unix://"+c.d.Path("s.sock"), "", "")
	if err != nil {
		panic(err) // the address is well formed
	}
	return client
}

func (c *busyClients) call(client *xmlrpc.Client, method string, reply any, args ...any) {
	if err := client.Call(c.d.T.Context(), method, reply, args...); err != nil {
		c.d.T.Errorf("%s: %v", method, err)
		c.cancel()
	}
	c.calls.Add(1)
}

// keepConnection makes all calls over one connection.
func (c *busyClients) keepConnection() {
	client := c.client()
	defer client.Close()
	for c.ctx.Err() == nil {
		var infos []api.ProcessInfo
		c.call(client, "supervisor.getAllProcessInfo", &infos)
	}
}

// reconnect makes each call over a new connection.
func (c *busyClients) reconnect() {
	for c.ctx.Err() == nil {
		client := c.client()
		var state any
		c.call(client, "supervisor.getState", &state)
		client.Close()
	}
}

// change makes calls that change something.
func (c *busyClients) change() {
	client := c.client()
	defer client.Close()
	for c.ctx.Err() == nil {
		c.call(client, "supervisor.sendProcessStdin", nil, "cat", fmt.Sprintf("%d\n", c.sent.Add(1)))
		c.call(client, "supervisor.sendRemoteCommEvent", nil, "x", "y")
		c.call(client, "supervisor.startProcess", nil, "resting")
		c.call(client, "supervisor.stopProcess", nil, "resting")
	}
}

// waitForStart makes a call that takes longer than an upgrade.
func (c *busyClients) waitForStart() {
	client := c.client()
	defer client.Close()
	c.call(client, "supervisor.startProcess", nil, "slow")
}

// TestUpgradeUnderLoad upgrades several times while programs write and clients call. No
// process is restarted, no call fails, and no line or event is lost or doubled.
func TestUpgradeUnderLoad(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "python3")
	d := e2e.NewDaemon(t)
	d.Write("listener.py", echoListener)
	d.Configure(busyConfig(d))
	d.Start()
	names := []string{"counter:counter_0", "counter:counter_1", "counter:counter_2", "counter:counter_3", "cat", "page", "listener"}
	d.AwaitRunning(names...)
	before, daemon := d.ProgramPIDs(names...), d.Ctl("pid")
	clients := startClients(d)
	for range 5 {
		d.Upgrade()
	}
	clients.stop()

	d.ExpectPIDs(names, before)
	d.ExpectCtl("pid", daemon)
	sent := int(clients.sent.Load())
	d.Await("all input of cat", func() bool { return strings.Count(d.Read("cat.log"), "\n") == sent })
	checkNumbered(d, "cat.log", 1)
	d.Await("all events", func() bool { return strings.Count(d.Read("events"), "REMOTE_COMMUNICATION") == sent })
	checkNumbered(d, "events", 0)
	if !d.Exists("page.sock") {
		t.Error("the FastCGI socket is gone")
	}
	d.Ctl("stop", "counter:*")
	for i := range 4 {
		d.CheckNumbered(fmt.Sprintf("counter_%d.log", i))
	}
	d.Ctl("shutdown")
	d.ExpectExit()
	d.AwaitNoProcesses()
	if files, _ := filepath.Glob(d.Path("*.sock")); len(files) > 0 {
		t.Errorf("files left: %v", files)
	}
}

// checkNumbered fails the test unless the lines of a file begin with the numbers from
// first on.
func checkNumbered(d *e2e.Daemon, name string, first int) {
	d.T.Helper()
	n := first
	for line := range strings.Lines(d.Read(name)) {
		if strings.Fields(line)[0] != strconv.Itoa(n) {
			d.T.Fatalf("%s: the line is %q, want number %d", name, line, n)
		}
		n++
	}
}

// TestUpgradeIsRefused for each reason there is. Nothing is restarted, and an upgrade can
// be made later.
func TestUpgradeIsRefused(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	program := "[program:quiet]\ncommand=sleep 1000\n"
	d.Configure(program)
	d.Start()
	d.AwaitRunning("quiet")
	pid := d.ProgramPID("quiet")
	script := d.Write("script", "#!/bin/sh\nexit 0\n")
	// This one passes the check, and can't be executed afterwards.
	failsAtExec := d.Write("failing", "#!/bin/sh\necho supervisord is ready to take over\nchmod 0 \"$0\"\n")
	for _, path := range []string{script, failsAtExec} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(why string, args ...string) {
		t.Helper()
		if out := d.Ctl(append([]string{"upgrade"}, args...)...); !strings.Contains(out, why) {
			t.Errorf("%v: got %q, want %q", args, out, why)
		}
		d.ExpectPID("quiet", pid)
	}
	refused("upgrade takes nothing but --binary PATH", "now")
	refused("can't take over: it is no supervisord that knows how to", "--binary", script)
	refused("can't take over: ", "--binary="+d.Path("none"))
	before := d.Log()
	refused("it failed at the last step", "--binary", failsAtExec)
	if newLines := strings.TrimPrefix(d.Log(), before); strings.Contains(newLines, " CRIT ") || strings.Count(newLines, " WARN ") != 1 {
		t.Errorf("warnings of the start are logged again:\n%s", newLines)
	}
	if log := d.Log(); !strings.Contains(log, "WARN not upgraded: execute "+failsAtExec+": permission denied") {
		t.Errorf("the log is\n%s", log)
	}
	d.Configure(program + "[program:more]\ncommand=sleep 1000\n")
	refused("upgrade: ERROR (the configuration is not what runs (added: more): update first)")
	d.Configure(program + "numprocs=x\n")
	refused("upgrade: ERROR (CANT_REREAD: ")
	d.Configure(program)
	d.Upgrade()
	d.ExpectPID("quiet", pid)
}

// TestUpgradeThenCrash checks that the daemon after an upgrade has a journal, too.
func TestUpgradeThenCrash(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n", "quiet", "resting")
	pid := d.ProgramPID("quiet")
	d.Ctl("stop", "resting")
	d.Ctl("upgrade")
	d.Crash()
	d.Start()
	d.AwaitRunning("quiet")
	d.ExpectPID("quiet", pid)
	if out := d.Ctl("status", "resting"); !strings.Contains(out, "STOPPED") {
		t.Error(out)
	}
}

// TestUpgradeExecutesEachCallOnce makes calls over TCP and the unix socket, over kept and
// new connections, while the daemon is upgraded.
func TestUpgradeExecutesEachCallOnce(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	address := fmt.Sprintf("127.0.0.1:%d", e2e.FreePort(t))
	d.Configure("[inet_http_server]\nport=" + address + "\n[program:cat]\ncommand=cat\nstdout_logfile=" + d.Path("cat.log") + "\nstdout_logfile_maxbytes=0\n")
	d.Start()
	d.AwaitRunning("cat")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	var calls atomic.Int64
	for _, url := range []string{"http://" + address, "unix://" + d.Path("s.sock")} {
		for _, kept := range []bool{true, true, false, false, false} {
			clients.Go(func() {
				defer stop()
				if err := sendLines(ctx, t, url, kept, &calls); err != nil {
					t.Errorf("%s, kept %v: %v", url, kept, err)
				}
			})
		}
	}
	for range 10 {
		d.Upgrade()
	}
	stop()
	clients.Wait()
	want := int(calls.Load())
	d.Await("all input of cat", func() bool { return strings.Count(d.Read("cat.log"), "\n") >= want })
	seen := make(map[string]int)
	for line := range strings.Lines(d.Read("cat.log")) {
		seen[line]++
	}
	for line, n := range seen {
		if n != 1 {
			t.Errorf("call %q was executed %d times", line, n)
		}
	}
	if len(seen) != want {
		t.Errorf("%d calls were executed of %d", len(seen), want)
	}
	t.Logf("%d calls", want)
}

// sendLines sends numbered lines to cat until ctx ends. It keeps its connection or makes
// a new one for each call.
func sendLines(ctx context.Context, t *testing.T, url string, kept bool, calls *atomic.Int64) error {
	var c *xmlrpc.Client
	defer func() {
		if c != nil {
			c.Close()
		}
	}()
	for ctx.Err() == nil {
		if c == nil {
			c, _ = xmlrpc.NewClient(url, "", "")
		}
		if err := c.Call(t.Context(), "supervisor.sendProcessStdin", nil, "cat", fmt.Sprintf("%d\n", calls.Add(1))); err != nil {
			return err
		}
		if !kept {
			c.Close()
			c = nil
		}
	}
	return nil
}
