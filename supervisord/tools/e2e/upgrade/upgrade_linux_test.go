package upgrade

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit/e2e"
)

// echoListener is an event listener that keeps what it is told.
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

func TestHandOver(t *testing.T) {
	e2e.Need(t, "python3")
	d := e2e.NewDaemon(t)
	d.Write("listener.py", echoListener)
	d.Configure(`[program:counter]
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
`)
	d.Start()
	names := []string{"counter:counter_0", "counter:counter_1", "counter:counter_2", "counter:counter_3", "cat", "page", "listener"}
	d.AwaitRunning(names...)
	before, daemon := d.ProgramPIDs(names...), d.Ctl("pid")

	// Clients of all kinds go on as if nothing happened.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	var calls, events atomic.Int64
	call := func(c *xmlrpc.Client, method string, reply any, args ...any) {
		if err := c.Call(t.Context(), method, reply, args...); err != nil {
			t.Errorf("%s: %v", method, err)
			stop()
		}
		calls.Add(1)
	}
	newClient := func() *xmlrpc.Client {
		c, err := xmlrpc.NewClient("unix://"+d.Path("s.sock"), "", "")
		if err != nil {
			t.Error(err)
			stop()
		}
		return c
	}
	kept := newClient()
	defer kept.Close()
	clients.Go(func() {
		for ctx.Err() == nil {
			var infos []api.ProcessInfo
			call(kept, "supervisor.getAllProcessInfo", &infos)
		}
	})
	clients.Go(func() {
		for ctx.Err() == nil {
			c := newClient()
			var state any
			call(c, "supervisor.getState", &state)
			c.Close()
		}
	})
	clients.Go(func() {
		c := newClient()
		defer c.Close()
		for ctx.Err() == nil {
			call(c, "supervisor.sendProcessStdin", nil, "cat", fmt.Sprintf("%d\n", events.Add(1)))
			call(c, "supervisor.sendRemoteCommEvent", nil, "x", "y")
			call(c, "supervisor.startProcess", nil, "resting")
			call(c, "supervisor.stopProcess", nil, "resting")
		}
	})
	clients.Go(func() {
		c := newClient()
		defer c.Close()
		call(c, "supervisor.startProcess", nil, "slow") // answered by a later binary's predecessor
	})
	const upgrades = 5
	for range upgrades {
		d.Upgrade()
	}
	stop()
	clients.Wait()
	t.Logf("%d calls", calls.Load())

	if after := d.ProgramPIDs(names...); !slices.Equal(before, after) || d.Ctl("pid") != daemon {
		t.Errorf("the pids were %s%v and are %s%v", daemon, before, d.Ctl("pid"), after)
	}
	d.Await("all that was sent to cat", func() bool {
		return strings.Count(d.Read("cat.log"), "\n") == int(events.Load())
	})
	checkNumbered(d, "cat.log", 1)
	d.Await("all events", func() bool { return strings.Count(d.Read("events"), "REMOTE_COMMUNICATION") == int(events.Load()) })
	checkNumbered(d, "events", 0)
	if _, err := os.Stat(d.Path("page.sock")); err != nil {
		t.Error(err)
	}
	d.Ctl("stop", "counter:*")
	for i := range 4 {
		d.CheckNumbered(fmt.Sprintf("counter_%d.log", i))
	}
	d.Ctl("shutdown")
	d.ExpectExit()
	d.Await("the end of all", func() bool { return len(d.Processes()) == 0 })
	if files, _ := filepath.Glob(d.Path("*.sock")); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// checkNumbered checks that the first words of the lines of a file are the numbers
// from first on.
func checkNumbered(d *e2e.Daemon, name string, first int) {
	d.T.Helper()
	n := first
	for line := range strings.Lines(d.Read(name)) {
		if strings.Fields(line)[0] != strconv.Itoa(n) {
			d.T.Fatalf("%s: %q stands where %d should", name, line, n)
		}
		n++
	}
}

func TestUpgradeThatIsRefused(t *testing.T) {
	d := e2e.NewDaemon(t)
	program := "[program:quiet]\ncommand=sleep 1000\n"
	d.Configure(program)
	d.Start()
	d.AwaitRunning("quiet")
	pid := d.ProgramPID("quiet")
	script := d.Write("script", "#!/bin/sh\nexit 0\n")
	// It could, but when it is to it can't be executed any more.
	failsAtExec := d.Write("fickle", "#!/bin/sh\necho supervisord is ready to take over\nchmod 0 \"$0\"\n")
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
		t.Errorf("what was known before is logged again:\n%s", newLines)
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

// TestUpgradeThenCrash: what a later binary knows survives its own crash.
func TestUpgradeThenCrash(t *testing.T) {
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n")
	d.Start()
	d.AwaitRunning("quiet", "resting")
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

// TestUpgradeExecutesEachCallOnce: whatever the transport, and whether connections
// are kept or new.
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
				var c *xmlrpc.Client
				for ctx.Err() == nil {
					if c == nil {
						c, _ = xmlrpc.NewClient(url, "", "")
					}
					if err := c.Call(t.Context(), "supervisor.sendProcessStdin", nil, "cat", fmt.Sprintf("%d\n", calls.Add(1))); err != nil {
						t.Errorf("%s, kept %v: %v", url, kept, err)
						return
					}
					if !kept {
						c.Close()
						c = nil
					}
				}
				if c != nil {
					c.Close()
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
	d.Await("all that was sent", func() bool { return strings.Count(d.Read("cat.log"), "\n") >= want })
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
