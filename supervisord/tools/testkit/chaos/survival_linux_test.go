package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
)

// TestProgramsSurviveDaemonKills kills the daemon SUPERVISOR_CHAOS_KILLS times, at random
// moments, while SUPERVISOR_CHAOS_PROCESSES programs write, and upgrades it as often
// while clients call. No process may end, no line and no answer may be lost.
func TestProgramsSurviveDaemonKills(t *testing.T) {
	kills := envIntOrSkip(t, "SUPERVISOR_CHAOS_KILLS")
	numProcs := envInt("SUPERVISOR_CHAOS_PROCESSES", 1000)
	fast := numProcs / 5
	s := newInstance(t)
	programs := []*program{
		{name: "slow", numProcs: numProcs - fast, args: "-every 500ms -width 60 -stderr 4"},
		{name: "fast", numProcs: fast, args: "-every 50ms -width 100 -stderr 3"},
	}
	text := ""
	for _, p := range programs {
		p.maxBytes, p.backups, p.extra = 4096, 1000, "startsecs=0\n"
		if p.name == "fast" {
			p.maxBytes = 16384
		}
		p.makeDirs(s)
		text += p.section(s)
	}
	s.configure(text)
	s.start()
	s.awaitAllRunning(numProcs)
	first := s.running()
	if len(first) != numProcs {
		t.Fatalf("%d programs run", len(first))
	}
	var slowest time.Duration
	calls := 0
	for range kills {
		time.Sleep(rand.N(3 * time.Second))
		slowest = max(slowest, s.killAndRestart(first))
		calls += s.upgradeUnderLoad(first)
	}
	s.stopAndCheck(func() { _ = syscall.Kill(s.pid, syscall.SIGTERM) })
	var sum totals
	for _, p := range programs {
		for n := range p.numProcs {
			s.checkLogs(p, p.processName(n), &sum)
		}
	}
	if sum.Runs != numProcs || sum.UnreadLines > 0 {
		t.Errorf("got %+v", sum)
	}
	t.Logf("%+v, all running within %v of a start, %d calls answered during upgrades", sum, slowest, calls)
}

// running returns the RUNNING processes, by name.
func (s *instance) running() map[string]api.ProcessInfo {
	infos, err := s.infos()
	if err != nil {
		return nil
	}
	for name, i := range infos {
		if i.State != states.Running {
			delete(infos, name)
		}
	}
	return infos
}

// killAndRestart kills the daemon and starts another one. It returns how long that took
// until all processes were RUNNING.
func (s *instance) killAndRestart(first map[string]api.ProcessInfo) time.Duration {
	s.t.Helper()
	s.killDaemon()
	time.Sleep(rand.N(500 * time.Millisecond))
	started := time.Now()
	s.start()
	var now map[string]api.ProcessInfo
	if !s.await(fmt.Sprintf("%d processes run", len(first)), func() bool { now = s.running(); return len(now) == len(first) }) {
		return 0
	}
	took := time.Since(started)
	s.t.Logf("all running within %v", took)
	for name, before := range first {
		if after := now[name]; after.PID != before.PID || after.Start != before.Start {
			s.t.Errorf("%s had pid %d, started at %d, and has %d, started at %d", name, before.PID, before.Start, after.PID, after.Start)
		}
	}
	return took
}

// upgradeUnderLoad upgrades the daemon while clients call it, and returns how many calls
// they made.
func (s *instance) upgradeUnderLoad(first map[string]api.ProcessInfo) int {
	s.t.Helper()
	var calls atomic.Int64
	var clients sync.WaitGroup
	done := make(chan struct{})
	for n := range 4 {
		clients.Go(func() {
			c := s.client()
			defer func() { c.Close() }()
			for {
				select {
				case <-done:
					return
				default:
				}
				var infos []api.ProcessInfo
				if err := c.Call(context.Background(), "supervisor.getAllProcessInfo", &infos); err != nil || len(infos) != len(first) {
					s.t.Errorf("a call during an upgrade: %d processes, %v", len(infos), err)
					return
				}
				calls.Add(1)
				if n%2 == 0 { // the others keep their connection
					c.Close()
					c = s.client()
				}
			}
		})
	}
	if output := s.ctl("upgrade"); !strings.HasPrefix(output, "Upgraded") {
		s.t.Errorf("upgrade: %s", output)
	}
	close(done)
	clients.Wait()
	now := s.running()
	for name, before := range first {
		if after := now[name]; after.PID != before.PID || after.Start != before.Start {
			s.t.Errorf("%s had pid %d, started at %d, and has %d, started at %d", name, before.PID, before.Start, after.PID, after.Start)
		}
	}
	return int(calls.Load())
}
