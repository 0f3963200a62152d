package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/supervisor/loaded"
)

// stepsPerSeed is how many steps one seed takes, in several runs of a daemon.
const stepsPerSeed = 1000

// TestSimulation lets random things happen to a whole daemon on a simulated kernel, in
// virtual time, and checks after each step that nothing is as it must never be.
// SUPERVISOR_SIMULATION_STEPS is how many steps, from the seed SUPERVISOR_SIMULATION_FIRST on
// if that is set. SUPERVISOR_SIMULATION_SEED repeats the steps of a seed that failed: all
// choices follow from it; only which of two simultaneous things comes first does not.
func TestSimulation(t *testing.T) {
	t.Parallel()
	first, _ := envNumber(t, "SUPERVISOR_SIMULATION_FIRST", rand.Uint64()>>32)
	first, isRepeated := envNumber(t, "SUPERVISOR_SIMULATION_SEED", first)
	steps, _ := envNumber(t, "SUPERVISOR_SIMULATION_STEPS", 50_000)
	for seed := first; seed*stepsPerSeed < first*stepsPerSeed+steps; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			simulate(t, seed, stepsPerSeed)
		})
		if isRepeated {
			return
		}
	}
}

func envNumber(t *testing.T, name string, fallback uint64) (n uint64, isSet bool) {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return fallback, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n, true
}

func simulate(t *testing.T, seed uint64, steps int) {
	rnd := rand.New(rand.NewPCG(seed, 0))
	for left := steps; left > 0 && !t.Failed(); {
		length := min(left, 20+rnd.IntN(200))
		left -= length
		kernelSeed := rnd.Uint64()
		synctest.Test(t, func(t *testing.T) {
			l := startRun(t, rnd, kernelSeed)
			defer l.stop()
			defer func() {
				if v := l.model.firstViolation(); v != "" {
					t.Errorf("SUPERVISOR_SIMULATION_SEED=%d: %s\nlast steps: %s", seed, v, strings.Join(l.trace, "; "))
				}
			}()
			for range length {
				if !l.step() {
					return
				}
			}
			l.shutdownAndCheck()
		})
	}
}

// daemonRun is one run of a daemon, from its start to its shutdown.
type daemonRun struct {
	*supervisor.Supervisor
	t      *testing.T
	rnd    *rand.Rand
	kernel *kernel
	model  *model
	calls  openCalls
	trace  []string
	ctx    context.Context
	cancel func()
	ended  chan struct{}

	withDependencies bool // processes may depend on others

	mu         sync.Mutex
	nextConfig *config.Config // what the next load returns
	loadFails  bool           // the next load fails
}

func startRun(t *testing.T, rnd *rand.Rand, seed uint64) *daemonRun {
	l := &daemonRun{t: t, rnd: rnd, ended: make(chan struct{}), withDependencies: rnd.IntN(2) == 0}
	l.model = newModel(func(name string) *config.Group { return l.GroupConfig(name) })
	l.kernel = &kernel{seed: seed, model: l.model, spawned: make(map[string]uint64), alive: make(map[string][]*fakeChild)}
	l.nextConfig = &config.Config{Supervisord: config.Supervisord{Identifier: "id"}}
	for range 4 {
		l.editConfig()
	}
	bus := &events.Bus{}
	bus.Subscribe([]events.Type{events.Any}, l.model.accept)
	l.Supervisor = supervisor.New(supervisor.Options{
		Config: l.nextConfig, Spawner: l.kernel, Events: bus, Log: slog.New(l.model),
		Source: loaded.Source{Load: l.load, Program: l.program},
	})
	l.ctx, l.cancel = context.WithCancel(t.Context())
	if err := l.Activate(l.ctx); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(l.ended)
		l.Run(l.ctx)
	}()
	return l
}

// stop ends the daemon in whatever state it is.
func (l *daemonRun) stop() {
	l.cancel()
	<-l.ended
}

func (l *daemonRun) hasEnded() bool {
	select {
	case <-l.ended:
		return true
	default:
		return false
	}
}

func (l *daemonRun) load() (*config.Config, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loadFails {
		return nil, errors.New("bad")
	}
	return l.nextConfig, nil
}

// step lets something happen and reports whether nothing is wrong.
func (l *daemonRun) step() bool {
	switch n := l.rnd.IntN(100); {
	case n < 30:
		l.pass(pick(l.rnd, 0, time.Nanosecond, 10*time.Millisecond, time.Second, time.Second, time.Second-time.Nanosecond,
			time.Second+time.Nanosecond, 3*time.Second, 7*time.Second, time.Minute))
	case n < 85:
		for range 1 + l.rnd.IntN(3) {
			l.call()
		}
	case n < 93:
		l.traceStep("edit")
		for range 1 + l.rnd.IntN(3) {
			l.editConfig()
		}
		l.mu.Lock()
		l.loadFails = l.rnd.Float64() < 0.1
		l.mu.Unlock()
	case n < 95:
		l.traceStep("cancel calls")
		l.calls.cancelAll()
	case n < 96:
		l.restartWithBadConfig()
	case n < 97:
		l.update()
	case n < 98:
		l.addOrRemove()
	default:
		l.traceStep("event")
		l.RemoteEvent("kind", "data")
	}
	return l.check()
}

func (l *daemonRun) traceStep(format string, args ...any) {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	if len(l.trace) >= 40 {
		l.trace = l.trace[1:]
	}
	l.trace = append(l.trace, format)
}

func (l *daemonRun) pass(d time.Duration) {
	l.traceStep(d.String())
	time.Sleep(d)
}

// check waits until nothing more happens at the moment, and compares what is with what may
// be.
func (l *daemonRun) check() bool {
	synctest.Wait()
	l.kernel.mu.Lock()
	defer l.kernel.mu.Unlock()
	l.model.mu.Lock()
	defer l.model.mu.Unlock()
	owned := l.checkProcesses()
	for name, children := range l.kernel.alive {
		if len(children) > 0 && !owned[name] && !l.model.removedUnknown[name] {
			l.model.violatedLocked("child %d of %s has no owner", children[0].pid, name)
		}
	}
	if !l.hasEnded() { // no pool gets events after that
		l.checkPools()
	}
	l.checkCalls()
	return l.model.violation == ""
}

func (l *daemonRun) checkProcesses() map[string]bool {
	owned := make(map[string]bool, 16)
	for _, p := range l.Processes() {
		name := fullName(p.Config)
		owned[name] = true
		st, children := p.Status(), l.kernel.alive[name]
		if l.model.orphaned[name] {
			children = nil
		}
		want := 0
		switch st.State {
		case states.Starting, states.Running, states.Stopping:
			want = 1
			if st.SignaledEarly { // its exit may not be published yet
				want = len(children)
			}
		case states.Unknown:
			want = len(children)
		case states.Stopped, states.Backoff, states.Exited, states.Fatal:
		}
		switch {
		case len(children) != want || len(children) > 1:
			l.model.violatedLocked("%s is %s with %d children", name, st.State, len(children))
		case len(children) == 1 && children[0].pid != st.PID:
			l.model.violatedLocked("%s has pid %d, not %d", name, st.PID, children[0].pid)
		case len(children) == 0 && st.PID != 0 && st.State != states.Unknown && !st.SignaledEarly:
			l.model.violatedLocked("%s is %s with pid %d", name, st.State, st.PID)
		case st.State != l.model.states[name]:
			l.model.violatedLocked("%s is %s, the events say %s", name, st.State, l.model.states[name])
		}
		if st.WaitingFor != "" && !st.State.IsStopped() && st.State != states.Stopping || st.WaitingFor != "" && st.State == states.Unknown {
			l.model.violatedLocked("%s is %s and waits for %s", name, st.State, st.WaitingFor)
		}
		if l.Mood() == states.DaemonRunning && l.isOverdue(p.Config, st) {
			l.model.violatedLocked("%s is %s since its start %s ago", name, st.State, time.Since(st.Started.Time))
		}
		if l.Mood() == states.DaemonRunning && st.WaitingFor != "" && st.State != states.Stopping && !hasSoftDependency(p.CurrentConfig()) && !hasUnmetHard(p, l.Processes()) {
			l.model.violatedLocked("%s is %s and waits for %s, which is met", name, st.State, st.WaitingFor)
		}
		if len(children) == 1 && st.State == states.Running {
			l.checkListener(children[0])
		}
	}
	return owned
}

// isOverdue reports whether the next attempt or the success of a process should have come by
// now.
func (l *daemonRun) isOverdue(c *config.Process, st *process.Status) bool {
	age := time.Since(st.Started.Time)
	switch st.State {
	case states.Starting:
		return age > time.Duration(c.StartSecs)*time.Second
	case states.Backoff:
		return age > time.Duration(c.StartSecs+st.Tries)*time.Second+maxReapDelay+2*maxRestartDelay
	case states.Stopped, states.Running, states.Stopping, states.Exited, states.Fatal, states.Unknown:
	}
	return false
}

// checkListener checks that no event waits for a listener that is ready, unless the listener
// has rejected too many.
func (l *daemonRun) checkListener(c *fakeChild) {
	if c.pool != nil && c.ready && c.pool.waiting > 0 && c.behavior.stdinErr == nil && time.Now().After(c.pausedUntil) {
		l.model.violatedLocked("%d events wait although %s is ready", c.pool.waiting, c.name)
	}
}

func (l *daemonRun) checkPools() {
	for _, p := range l.model.pools {
		if p.waiting < 0 || p.waiting > p.conf.BufferSize {
			l.model.violatedLocked("%d events wait for %s, whose buffer_size is %d", p.waiting, p.name, p.conf.BufferSize)
		}
	}
}

func fullName(c *config.Process) string { return c.Group + ":" + c.Name }

// restartWithBadConfig asks for a restart with a configuration that can't be used.
func (l *daemonRun) restartWithBadConfig() {
	l.traceStep("restart with a bad configuration")
	l.mu.Lock()
	l.loadFails = true
	l.mu.Unlock()
	if err := l.Restart(); err == nil || l.Mood() != states.DaemonRunning {
		l.model.violated("restart with a bad configuration: %v, mood %s", err, l.Mood())
	}
}

// update is that of supervisorctl. If the kernel makes no trouble and no other client is
// active, what runs is then what is configured.
func (l *daemonRun) update() {
	l.traceStep("update")
	l.calls.cancelAll()
	l.kernel.setNoFaults(true)
	defer l.kernel.setNoFaults(false)
	l.mu.Lock()
	l.loadFails = false
	fresh := l.nextConfig
	l.mu.Unlock()
	synctest.Wait()
	changes, err := l.Reload(l.ctx)
	for _, name := range slices.Concat(changes.Removed, changes.Changed) {
		_, stopErr := l.StopGroup(l.ctx, name, supervisor.Call{Wait: true})
		err = errors.Join(err, stopErr, l.waitStopped(name), l.RemoveGroup(l.ctx, name))
	}
	for _, name := range slices.Concat(changes.Changed, changes.Added) {
		err = errors.Join(err, l.AddGroup(l.ctx, name))
	}
	if err != nil {
		l.model.violated("update: %v", err)
		return
	}
	if again, err := l.Reload(l.ctx); err != nil || len(again.Added)+len(again.Changed)+len(again.Removed) > 0 {
		l.model.violated("an update has left %+v, %v", again, err)
	}
	l.expectAllRunning(fresh, changes.Added)
}

// waitStopped waits for processes that were stopping already, so that their stop was refused.
func (l *daemonRun) waitStopped(name string) error {
	for range 2 {
		time.Sleep(maxStopTime(l.GroupConfig(name)))
		if _, err := l.StopGroup(l.ctx, name, supervisor.Call{Wait: true}); err != nil {
			return err
		}
	}
	return nil
}

func (l *daemonRun) expectAllRunning(fresh *config.Config, added []string) {
	time.Sleep(5 * time.Second)
	synctest.Wait()
	n := 0
	for _, g := range fresh.Groups {
		n += len(g.Processes)
	}
	all := l.Processes()
	if len(all) != n {
		l.model.violated("%d processes, %d are configured", len(all), n)
	}
	for _, p := range all {
		wanted := slices.Contains(added, p.Config.Group) && p.Config.Autostart && !hasMissingCommand(p.Config) && !l.groupWillStop(p.Config.Group)
		if st := p.Status().State; wanted && st != states.Running && len(p.Config.DependsOn) == 0 {
			l.model.violated("%s was added and is %s", fullName(p.Config), st)
		}
	}
}

// shutdownAndCheck shuts the daemon down, while clients go on, and checks that it does not
// take longer than its children may.
func (l *daemonRun) shutdownAndCheck() {
	limit := time.Second
	for _, name := range l.GroupNames() {
		limit += maxStopTime(l.GroupConfig(name))
	}
	if l.withDependencies { // each may have to wait for another one
		for _, p := range l.Processes() {
			limit += time.Duration(p.CurrentConfig().StopWaitSecs)*time.Second + maxKillDelay + maxReapDelay
		}
	}
	l.mu.Lock()
	l.loadFails = false
	l.mu.Unlock()
	if l.rnd.IntN(2) == 0 {
		l.traceStep("shutdown")
		l.Shutdown()
	} else if err := l.Restart(); err != nil {
		l.model.violated("restart: %v", err)
	}
	late := time.AfterFunc(limit, func() {
		if !l.hasEnded() {
			l.model.violated("the shutdown takes more than %s: %v", limit, l.states())
		}
	})
	defer late.Stop()
	synctest.Wait()
	l.kernel.forbidSpawns()
	for range l.rnd.IntN(6) {
		l.call()
		if !l.check() {
			return
		}
		time.Sleep(pick(l.rnd, 0, time.Millisecond, time.Second))
	}
	select {
	case <-l.ended:
	case <-time.After(limit): // reported above
		return
	}
	if l.check(); l.calls.pending() > 0 {
		l.model.violated("%d calls have no answer", l.calls.pending())
	}
	for _, p := range l.Processes() {
		if st := p.Status().State; !st.IsStopped() {
			l.model.violated("%s is %s at the end", fullName(p.Config), st)
		}
	}
}

func (l *daemonRun) states() (all []string) {
	for _, p := range l.Processes() {
		all = append(all, fullName(p.Config)+"="+p.Status().State.String())
	}
	return all
}

// maxStopTime is how long a group may take to stop.
func maxStopTime(g *config.Group) time.Duration {
	most := 0
	for _, p := range g.Processes {
		most = max(most, p.StopWaitSecs+len(p.Stop.Sequence)) // a second for each step
	}
	return time.Duration(most)*time.Second + maxKillDelay + maxReapDelay
}
