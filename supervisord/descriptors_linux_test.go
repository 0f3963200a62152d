package supervisord_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// processStates is the processes of the program p, as supervisorctl status tells of them.
func (s *testDaemon) processStates() (running map[string]bool, waiting []string, out string) {
	s.t.Helper()
	running = make(map[string]bool)
	out = s.ctl("status", "p:*")
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

// awaitProcessStates waits until all of n processes but those stopped run or wait for
// descriptors, at least so many run, and there are no others.
func (s *testDaemon) awaitProcessStates(n, stopped, atLeast int) (running map[string]bool) {
	s.t.Helper()
	s.await("all run or wait", func() bool {
		var waiting []string
		running, waiting, _ = s.processStates()
		return len(running)+len(waiting) == n-stopped && len(running) >= atLeast && len(waiting) > 0 && len(s.processes()) == len(running)
	})
	return running
}

// openIdleConnections opens connections to the unix socket that say nothing.
func (s *testDaemon) openIdleConnections(n int) (release func()) {
	s.t.Helper()
	var all []net.Conn
	for range n {
		conn, err := net.Dial("unix", s.path("s.sock"))
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, conn)
	}
	return func() {
		for _, conn := range all {
			conn.Close()
		}
	}
}

// stopOneAndAwait stops one of those that run, and waits until another has its place.
func (s *testDaemon) stopOneAndAwait(running map[string]bool, n, stopped int) (still map[string]bool) {
	s.t.Helper()
	var names []string
	for name := range running {
		names = append(names, name)
	}
	one := slices.Min(names)
	if out := s.ctl("stop", one); out != one+": stopped\n" {
		s.t.Errorf("stop: %s", out)
	}
	return s.awaitProcessStates(n, stopped+1, len(running))
}

// TestMoreProgramsThanDescriptors: more programs than there are descriptors for. The rest
// waits, the API answers, and after a crash of the daemon as well.
func TestMoreProgramsThanDescriptors(t *testing.T) {
	t.Parallel()
	need(t, "prlimit")
	s := newTestDaemon(t)
	const n = 12
	s.configure(fmt.Sprintf("[program:p]\ncommand=sleep 600\nprocess_name=p%%(process_num)02d\nnumprocs=%d\nstartsecs=0\nstartretries=0\n", n))
	s.addSupervisordOptions("minfds=10")
	start := func() { s.startUnder("prlimit", "--nofile=64:64", "--") }
	start()
	running := s.awaitProcessStates(n, 0, 3)
	release := s.openIdleConnections(8)
	if _, _, out := s.processStates(); strings.Count(out, "\n") != n {
		t.Errorf("status beside silent clients: %s", out)
	}
	release()
	running = s.stopOneAndAwait(running, n, 0)
	pids := make(map[string]int)
	for name := range running {
		pids[name] = s.pid(name)
	}

	s.crash()
	start()
	running = s.awaitProcessStates(n, 1, len(pids))
	for name, pid := range pids {
		if got := s.pid(name); got != pid {
			t.Errorf("%s has pid %d, not %d", name, got, pid)
		}
	}
	s.await("adopted processes take no pidfds", func() bool {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.daemonPid()))
		return len(links) > 0 && !slices.ContainsFunc(links, func(link string) bool {
			target, _ := os.Readlink(link)
			return strings.Contains(target, "pidfd")
		})
	})
	release = s.openIdleConnections(8)
	if _, _, out := s.processStates(); strings.Count(out, "\n") != n {
		t.Errorf("status beside silent clients after the crash: %s", out)
	}
	release()
	s.stopOneAndAwait(running, n, 1)
	if log := s.read("supervisord.log"); strings.Contains(log, "gave up") {
		t.Error("a program was given up")
	}
}
