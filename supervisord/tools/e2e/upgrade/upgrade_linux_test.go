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
	s := e2e.NewDaemon(t)
	s.Write("listener.py", echoListener)
	s.Configure(`[program:counter]
command=sh -c 'i=0; while :; do i=$((i+1)); echo $i; [ $((i%%100)) = 0 ] && sleep 0.02; done'
process_name=%(program_name)s_%(process_num)d
numprocs=4
stdout_logfile=` + s.Path("counter_%(process_num)d.log") + `
stdout_logfile_maxbytes=10KB
stdout_logfile_backups=1000
[program:cat]
command=cat
stdout_logfile=` + s.Path("cat.log") + `
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
socket=unix://` + s.Path("page.sock") + `
[eventlistener:listener]
command=python3 listener.py ` + s.Path("events") + `
directory=` + s.Dir + `
events=PROCESS_STATE,REMOTE_COMMUNICATION
buffer_size=10000
`)
	s.Start()
	names := []string{"counter:counter_0", "counter:counter_1", "counter:counter_2", "counter:counter_3", "cat", "page", "listener"}
	s.AwaitRunning(names...)
	before, daemon := s.ProgramPIDs(names...), s.Ctl("pid")

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
		c, err := xmlrpc.NewClient("unix://"+s.Path("s.sock"), "", "")
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
		s.Upgrade()
	}
	stop()
	clients.Wait()
	t.Logf("%d calls", calls.Load())

	if after := s.ProgramPIDs(names...); !slices.Equal(before, after) || s.Ctl("pid") != daemon {
		t.Errorf("the pids were %s%v and are %s%v", daemon, before, s.Ctl("pid"), after)
	}
	s.Await("all that was sent to cat", func() bool {
		return strings.Count(s.Read("cat.log"), "\n") == int(events.Load())
	})
	checkNumbered(s, "cat.log", 1)
	s.Await("all events", func() bool { return strings.Count(s.Read("events"), "REMOTE_COMMUNICATION") == int(events.Load()) })
	checkNumbered(s, "events", 0)
	if _, err := os.Stat(s.Path("page.sock")); err != nil {
		t.Error(err)
	}
	s.Ctl("stop", "counter:*")
	for i := range 4 {
		s.CheckNumbered(fmt.Sprintf("counter_%d.log", i))
	}
	s.Ctl("shutdown")
	s.ExpectExit()
	s.Await("the end of all", func() bool { return len(s.Processes()) == 0 })
	if files, _ := filepath.Glob(s.Path("*.sock")); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// checkNumbered checks that the first words of the lines of a file are the numbers
// from first on.
func checkNumbered(s *e2e.Daemon, name string, first int) {
	s.T.Helper()
	n := first
	for line := range strings.Lines(s.Read(name)) {
		if strings.Fields(line)[0] != strconv.Itoa(n) {
			s.T.Fatalf("%s: %q stands where %d should", name, line, n)
		}
		n++
	}
}

func TestUpgradeThatIsRefused(t *testing.T) {
	s := e2e.NewDaemon(t)
	program := "[program:quiet]\ncommand=sleep 1000\n"
	s.Configure(program)
	s.Start()
	s.AwaitRunning("quiet")
	pid := s.ProgramPID("quiet")
	script := s.Write("script", "#!/bin/sh\nexit 0\n")
	// It could, but when it is to it can't be executed any more.
	failsAtExec := s.Write("fickle", "#!/bin/sh\necho supervisord is ready to take over\nchmod 0 \"$0\"\n")
	for _, path := range []string{script, failsAtExec} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(why string, args ...string) {
		t.Helper()
		if out := s.Ctl(append([]string{"upgrade"}, args...)...); !strings.Contains(out, why) {
			t.Errorf("%v: got %q, want %q", args, out, why)
		}
		s.ExpectPID("quiet", pid)
	}
	refused("upgrade takes nothing but --binary PATH", "now")
	refused("can't take over: it is no supervisord that knows how to", "--binary", script)
	refused("can't take over: ", "--binary="+s.Path("none"))
	before := s.Log()
	refused("it failed at the last step", "--binary", failsAtExec)
	if newLines := strings.TrimPrefix(s.Log(), before); strings.Contains(newLines, " CRIT ") || strings.Count(newLines, " WARN ") != 1 {
		t.Errorf("what was known before is logged again:\n%s", newLines)
	}
	if log := s.Log(); !strings.Contains(log, "WARN not upgraded: execute "+failsAtExec+": permission denied") {
		t.Errorf("the log is\n%s", log)
	}
	s.Configure(program + "[program:more]\ncommand=sleep 1000\n")
	refused("upgrade: ERROR (the configuration is not what runs (added: more): update first)")
	s.Configure(program + "numprocs=x\n")
	refused("upgrade: ERROR (CANT_REREAD: ")
	s.Configure(program)
	s.Upgrade()
	s.ExpectPID("quiet", pid)
}

// TestUpgradeThenCrash: what a later binary knows survives its own crash.
func TestUpgradeThenCrash(t *testing.T) {
	s := e2e.NewDaemon(t)
	s.Configure("[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n")
	s.Start()
	s.AwaitRunning("quiet", "resting")
	pid := s.ProgramPID("quiet")
	s.Ctl("stop", "resting")
	s.Ctl("upgrade")
	s.Crash()
	s.Start()
	s.AwaitRunning("quiet")
	s.ExpectPID("quiet", pid)
	if out := s.Ctl("status", "resting"); !strings.Contains(out, "STOPPED") {
		t.Error(out)
	}
}

// TestUpgradeExecutesEachCallOnce: whatever the transport, and whether connections
// are kept or new.
func TestUpgradeExecutesEachCallOnce(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	address := fmt.Sprintf("127.0.0.1:%d", e2e.FreePort(t))
	s.Configure("[inet_http_server]\nport=" + address + "\n[program:cat]\ncommand=cat\nstdout_logfile=" + s.Path("cat.log") + "\nstdout_logfile_maxbytes=0\n")
	s.Start()
	s.AwaitRunning("cat")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	var calls atomic.Int64
	for _, url := range []string{"http://" + address, "unix://" + s.Path("s.sock")} {
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
		s.Upgrade()
	}
	stop()
	clients.Wait()
	want := int(calls.Load())
	s.Await("all that was sent", func() bool { return strings.Count(s.Read("cat.log"), "\n") >= want })
	seen := make(map[string]int)
	for line := range strings.Lines(s.Read("cat.log")) {
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
