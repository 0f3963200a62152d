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

// TestThousandProgramsSurvive kills the daemon SUPERVISOR_CHAOS_KILLS times, at
// random moments, while a thousand programs write (SUPERVISOR_CHAOS_SCRIBES), and upgrades it as often
// while clients call. Each program has to have one life only, of which every
// line is there, and each call its answer.
func TestThousandProgramsSurvive(t *testing.T) {
	kills := proof(t, "SUPERVISOR_CHAOS_KILLS")
	scribes := number("SUPERVISOR_CHAOS_SCRIBES", 1000)
	fast := scribes / 5
	s := newSite(t)
	cast := []*program{
		{name: "slow", scribes: scribes - fast, args: "-every 500ms -width 60 -stderr 4"},
		{name: "fast", scribes: fast, args: "-every 50ms -width 100 -stderr 3"},
	}
	text := ""
	for _, p := range cast {
		p.maxBytes, p.backups, p.extra = 4096, 1000, "startsecs=0\n"
		if p.name == "fast" {
			p.maxBytes = 16384
		}
		p.makeDirs(s)
		text += p.section(s)
	}
	s.configure(text)
	s.start()
	s.awaitAllRunning(scribes)
	first := s.running()
	if len(first) != scribes {
		t.Fatalf("%d programs run", len(first))
	}
	var slowest time.Duration
	calls := 0
	for range kills {
		time.Sleep(rand.N(3 * time.Second))
		slowest = max(slowest, s.survive(first))
		calls += s.upgradeUnderLoad(first)
	}
	s.dismiss(func() { _ = syscall.Kill(s.pid, syscall.SIGTERM) })
	var sum figures
	for _, p := range cast {
		for n := range p.scribes {
			s.check(p, p.instance(n), &sum)
		}
	}
	if sum.Lives != scribes || sum.UnheardLines > 0 {
		t.Errorf("got %+v", sum)
	}
	t.Logf("%+v, all running within %v of a start, %d calls answered during upgrades", sum, slowest, calls)
}

// running maps the names of those who run to what there is to know of them.
func (s *site) running() map[string]api.ProcessInfo {
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

// survive kills the daemon and starts another one. It returns how long it took
// until that said of all that they run.
func (s *site) survive(first map[string]api.ProcessInfo) time.Duration {
	s.t.Helper()
	s.killDaemon()
	time.Sleep(rand.N(500 * time.Millisecond))
	began := time.Now()
	s.start()
	var now map[string]api.ProcessInfo
	if !s.await(fmt.Sprintf("%d run", len(first)), func() bool { now = s.running(); return len(now) == len(first) }) {
		return 0
	}
	took := time.Since(began)
	s.t.Logf("all running within %v", took)
	for name, was := range first {
		if is := now[name]; is.PID != was.PID || is.Start != was.Start {
			s.t.Errorf("%s had pid %d and began at %d, now %d and %d", name, was.PID, was.Start, is.PID, is.Start)
		}
	}
	return took
}

// upgradeUnderLoad has the daemon replaced in place while clients call it, and
// returns how often they did.
func (s *site) upgradeUnderLoad(first map[string]api.ProcessInfo) int {
	s.t.Helper()
	var calls atomic.Int64
	var clients sync.WaitGroup
	over := make(chan struct{})
	for n := range 4 {
		clients.Go(func() {
			c := s.client()
			defer func() { c.Close() }()
			for {
				select {
				case <-over:
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
	if said := s.ctl("upgrade"); !strings.HasPrefix(said, "Upgraded") {
		s.t.Errorf("upgrade: %s", said)
	}
	close(over)
	clients.Wait()
	now := s.running()
	for name, was := range first {
		if is := now[name]; is.PID != was.PID || is.Start != was.Start {
			s.t.Errorf("%s had pid %d and began at %d, now %d and %d", name, was.PID, was.Start, is.PID, is.Start)
		}
	}
	return int(calls.Load())
}
