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

// TestRandomDependencies: whatever happens to programs that depend on one another
// at random, none is started that has to wait, none waits for what is there, and
// all ends in order.
func TestRandomDependencies(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 1))
			conf := randomPod(dice)
			j := &judge{t: t, before: make(map[*process.Process]process.Status)}
			inWorldWith(t, conf, func(w *world, o *supervisor.Options) {
				j.w, o.Changed = w, j.changed
			}, func(t *testing.T, w *world) {
				for range 60 {
					randomStep(t, w, dice)
					synctest.Wait()
					j.nobodyWaitsInVain()
				}
				j.mu.Lock()
				j.leaving = true
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

// judge looks on.
type judge struct {
	t *testing.T
	w *world

	mu      sync.Mutex
	before  map[*process.Process]process.Status
	leaving bool
}

// changed sees to it that no start that had to wait has come too early, and that
// nobody is asked to stop at the end whom somebody still needs.
func (j *judge) changed(p *process.Process) {
	st := *p.Status()
	j.mu.Lock()
	old, known := j.before[p]
	j.before[p] = st
	leaving := j.leaving
	j.mu.Unlock()
	if !known || st.State == old.State {
		return
	}
	all := j.w.Processes()
	switch {
	case st.State == states.Starting && (old.Waiting != "" || old.State == states.Stopped && old.Started.IsZero()):
		if lacksHard(p, all) {
			j.t.Errorf("%s was started too early", p.FullName())
		}
	case st.State == states.Stopping && leaving:
		for _, o := range all {
			needs := slices.ContainsFunc(o.Current().DependsOn, func(d config.Dependency) bool { return d.Name == p.Config.Name })
			if needs && !o.Status().State.IsStopped() {
				j.t.Errorf("%s was stopped before %s", p.FullName(), o.FullName())
			}
		}
	}
}

func (j *judge) nobodyWaitsInVain() {
	all := j.w.Processes()
	for _, p := range all {
		st := p.Status()
		if st.Waiting != "" && st.State != states.Stopping && !hasSoft(p.Current()) && !lacksHard(p, all) {
			j.t.Errorf("%s waits for %s", p.FullName(), st.Waiting)
		}
	}
}

// randomPod makes programs each of which may depend on earlier ones.
func randomPod(dice *rand.Rand) *config.Config {
	var groups []*config.Group
	for i := range 2 + dice.IntN(8) {
		name := fmt.Sprintf("p%d", i)
		g := needing(name)
		p := g.Processes[0]
		p.StartSecs, p.StartRetries, p.Priority = dice.IntN(4), dice.IntN(2), dice.IntN(3)
		p.Autorestart, p.Autostart = config.Autorestart(dice.IntN(3)), dice.IntN(5) > 0
		if dice.IntN(4) == 0 {
			p.DependsTimeout = time.Duration(1+dice.IntN(9)) * time.Second
		}
		for j := range i {
			if dice.IntN(3) == 0 {
				p.DependsOn = append(p.DependsOn, config.Dependency{
					Name: fmt.Sprintf("p%d", j), Condition: config.Condition(dice.IntN(3)), Soft: dice.IntN(4) == 0, Together: dice.IntN(4) == 0,
				})
			}
		}
		groups = append(groups, g)
	}
	dice.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	return configOf(groups...)
}

// randomStep has one thing happen, at a moment at which nothing else does.
func randomStep(t *testing.T, w *world, dice *rand.Rand) {
	all := w.Processes()
	name := all[dice.IntN(len(all))].Config.Name
	time.Sleep(time.Duration(dice.Int64N(int64(2 * time.Second))))
	synctest.Wait()
	switch dice.IntN(8) {
	case 0, 1:
		_, _ = w.StopProcess(t.Context(), name, false)
	case 2, 3:
		_, _ = w.StartProcess(t.Context(), name, false)
	case 4:
		_, _ = w.StartAll(t.Context(), false)
	case 5:
		_, _ = w.StopAll(t.Context(), false)
	default:
		w.mu.Lock()
		c := w.children[name]
		w.mu.Unlock()
		if c != nil {
			w.kill(name, dice.IntN(2))
		}
	}
}
