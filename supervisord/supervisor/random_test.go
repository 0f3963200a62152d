package supervisor_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// TestRandomDependencies: with random dependencies and random events, no program starts before
// its dependencies are met, none waits for one that is met, and all stop in order.
func TestRandomDependencies(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			conf := randomConfig(rnd)
			j := &dependencyChecker{t: t, before: make(map[*process.Process]process.Status)}
			withDaemonOptions(t, conf, func(w *testDaemon, o *supervisor.Options) {
				j.w, o.Hooks.Changed = w, j.changed
			}, func(t *testing.T, w *testDaemon) {
				for range 60 {
					randomStep(t, w, rnd)
					synctest.Wait()
					j.checkWaiting()
				}
				j.mu.Lock()
				j.shuttingDown = true
				j.mu.Unlock()
				w.Shutdown()
				<-w.ended
				for _, p := range w.Processes() {
					if st := p.Status().State; !st.IsStopped() {
						t.Errorf("%s is %s at the end", p.FullName(), st)
					}
				}
			})
		})
	}
}

// dependencyChecker checks every change of a status.
type dependencyChecker struct {
	t *testing.T
	w *testDaemon

	mu           sync.Mutex
	before       map[*process.Process]process.Status
	shuttingDown bool
}

// changed checks that no start was made too early, and that no process stops in the shutdown
// before its dependents.
func (j *dependencyChecker) changed(p *process.Process) {
	st := *p.Status()
	j.mu.Lock()
	old, known := j.before[p]
	j.before[p] = st
	shuttingDown := j.shuttingDown
	j.mu.Unlock()
	if !known || st.State == old.State {
		return
	}
	all := j.w.Processes()
	switch {
	case st.State == states.Starting && (old.WaitingFor != "" || old.State == states.Stopped && old.Started.IsZero()):
		if hasUnmetHard(p, all) {
			j.t.Errorf("%s was started too early", p.FullName())
		}
	case st.State == states.Stopping && shuttingDown:
		for _, o := range all {
			needs := slices.ContainsFunc(o.CurrentConfig().DependsOn, func(d config.Dependency) bool { return d.Name == p.Config.Name })
			if needs && !o.Status().State.IsStopped() {
				j.t.Errorf("%s was stopped before %s", p.FullName(), o.FullName())
			}
		}
	}
}

func (j *dependencyChecker) checkWaiting() {
	all := j.w.Processes()
	for _, p := range all {
		st := p.Status()
		if st.WaitingFor != "" && st.State != states.Stopping && !hasSoftDependency(p.CurrentConfig()) && !hasUnmetHard(p, all) {
			j.t.Errorf("%s waits for %s", p.FullName(), st.WaitingFor)
		}
	}
}

// randomConfig makes programs, each of which may depend on earlier ones.
func randomConfig(rnd *rand.Rand) *config.Config {
	var groups []*config.Group
	for i := range 2 + rnd.IntN(8) {
		name := fmt.Sprintf("p%d", i)
		g := dependentProgram(name)
		p := g.Processes[0]
		p.StartSecs, p.StartRetries, p.Priority = rnd.IntN(4), rnd.IntN(2), rnd.IntN(3)
		p.Autorestart, p.Autostart = config.Autorestart(rnd.IntN(3)), rnd.IntN(5) > 0
		if rnd.IntN(4) == 0 {
			p.DependsTimeout = time.Duration(1+rnd.IntN(9)) * time.Second
		}
		for j := range i {
			if rnd.IntN(3) == 0 {
				p.DependsOn = append(p.DependsOn, config.Dependency{
					Name: fmt.Sprintf("p%d", j), Condition: config.Condition(rnd.IntN(3)), Soft: rnd.IntN(4) == 0, Together: rnd.IntN(4) == 0,
				})
			}
		}
		groups = append(groups, g)
	}
	rnd.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	return configOf(groups...)
}

// randomStep lets one thing happen, at a moment when nothing else does.
func randomStep(t *testing.T, w *testDaemon, rnd *rand.Rand) {
	all := w.Processes()
	name := all[rnd.IntN(len(all))].Config.Name
	time.Sleep(time.Duration(rnd.Int64N(int64(2 * time.Second))))
	synctest.Wait()
	switch rnd.IntN(8) {
	case 0, 1:
		_, _ = w.StopProcess(t.Context(), name, supervisor.Call{})
	case 2, 3:
		_, _ = w.StartProcess(t.Context(), name, supervisor.Call{})
	case 4:
		_, _ = w.StartAll(t.Context(), supervisor.Call{})
	case 5:
		_, _ = w.StopAll(t.Context(), supervisor.Call{})
	default:
		w.mu.Lock()
		c := w.children[name]
		w.mu.Unlock()
		if c != nil {
			w.exitChild(name, rnd.IntN(2))
		}
	}
}
