package faults

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// processStates lists the RUNNING and the BACKOFF processes of the program p.
func processStates(d *e2e.Daemon) (running map[string]bool, waiting []string, out string) {
	d.T.Helper()
	running = make(map[string]bool)
	out = d.Ctl("status", "p:*")
	for line := range strings.Lines(out) {
		switch f := strings.Fields(line); {
		case len(f) < 2:
		case f[1] == "RUNNING":
			running[f[0]] = true
		case f[1] == "BACKOFF":
			waiting = append(waiting, f[0])
		}
	}
	return running, waiting, out
}

// awaitProcessStates waits until, of n processes, all but those stopped run or wait for
// descriptors, at least so many run, and some wait.
func awaitProcessStates(d *e2e.Daemon, n, stopped, atLeast int) (running map[string]bool) {
	d.T.Helper()
	d.Await("all processes run or wait", func() bool {
		var waiting []string
		running, waiting, _ = processStates(d)
		return len(running)+len(waiting) == n-stopped && len(running) >= atLeast && len(waiting) > 0 && len(d.Processes()) == len(running)
	})
	return running
}

// openIdleConnections opens connections to the unix socket and sends nothing.
func openIdleConnections(d *e2e.Daemon, n int) (release func()) {
	d.T.Helper()
	var all []net.Conn
	for range n {
		conn, err := net.Dial("unix", d.Path("s.sock"))
		if err != nil {
			d.T.Fatal(err)
		}
		all = append(all, conn)
	}
	return func() {
		for _, conn := range all {
			conn.Close()
		}
	}
}

// stopOneAndAwait stops one of the running processes and waits until another one runs
// in its place.
func stopOneAndAwait(d *e2e.Daemon, running map[string]bool, n, stopped int) (still map[string]bool) {
	d.T.Helper()
	var names []string
	for name := range running {
		names = append(names, name)
	}
	one := slices.Min(names)
	if out := d.Ctl("stop", one); out != one+": stopped\n" {
		d.T.Errorf("stop: %s", out)
	}
	return awaitProcessStates(d, n, stopped+1, len(running))
}

// TestMoreProgramsThanDescriptors has more processes than the daemon has descriptors for.
// The others wait, and the API answers, also after a crash of the daemon.
func TestMoreProgramsThanDescriptors(t *testing.T) {
	t.Parallel()
	e2e.Need(t, "prlimit")
	d := e2e.NewDaemon(t)
	const n = 12
	d.Configure(fmt.Sprintf("[program:p]\ncommand=sleep 600\nprocess_name=p%%(process_num)02d\nnumprocs=%d\nstartsecs=0\nstartretries=0\n", n))
	d.AddOptions("minfds=10")
	start := func() { d.StartUnder("prlimit", "--nofile=64:64", "--") }
	start()
	running := awaitProcessStates(d, n, 0, 3)
	release := openIdleConnections(d, 8)
	if _, _, out := processStates(d); strings.Count(out, "\n") != n {
		t.Errorf("status beside idle clients: %s", out)
	}
	release()
	running = stopOneAndAwait(d, running, n, 0)
	pids := make(map[string]int)
	for name := range running {
		pids[name] = d.ProgramPID(name)
	}

	d.Crash()
	start()
	running = awaitProcessStates(d, n, 1, len(pids))
	for name, pid := range pids {
		d.ExpectPID(name, pid)
	}
	d.Await("adopted processes take no pidfds", func() bool {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", d.PID()))
		return len(links) > 0 && !slices.ContainsFunc(links, func(link string) bool {
			target, _ := os.Readlink(link)
			return strings.Contains(target, "pidfd")
		})
	})
	release = openIdleConnections(d, 8)
	if _, _, out := processStates(d); strings.Count(out, "\n") != n {
		t.Errorf("status beside idle clients after the crash: %s", out)
	}
	release()
	stopOneAndAwait(d, running, n, 1)
	if log := d.Log(); strings.Contains(log, "gave up") {
		t.Error("a process is FATAL")
	}
}
