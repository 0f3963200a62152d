package machine

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/descendants"
	"supervisor/supervisord/system/boottime"
)

// legal lists every transition that exists.
var legal = map[states.Process][]states.Process{
	states.Stopped:  {states.Starting, states.Fatal}, // restart_limit, as from Exited
	states.Starting: {states.Running, states.Backoff, states.Stopping, states.Unknown},
	states.Running:  {states.Exited, states.Stopping, states.Unknown},
	states.Backoff:  {states.Starting, states.Stopped, states.Fatal},
	states.Stopping: {states.Stopped, states.Unknown},
	states.Exited:   {states.Starting, states.Fatal},
	states.Fatal:    {states.Starting},
	states.Unknown:  {states.Exited},
}

// TestEveryStateTakesEveryInput walks over all states and inputs, and everything that
// makes a difference to them.
func TestEveryStateTakesEveryInput(t *testing.T) {
	t.Parallel()
	seen := make(map[states.Process]map[states.Process]bool)
	forEachCase(func(m *Machine, in Input, age time.Duration) {
		from := m.State
		effects := m.Step(m.Started.Add(age), in)
		checkStep(t, func() string { return fmt.Sprintf("%s, input %d, age %s", from, in.Kind, age) }, m, from, effects)
		for _, e := range effects {
			if c, ok := e.(PublishChange); ok {
				if seen[c.From] == nil {
					seen[c.From] = make(map[states.Process]bool)
				}
				seen[c.From][c.To] = true
			}
		}
	})
	for from, all := range legal {
		for _, to := range all {
			if !seen[from][to] {
				t.Errorf("%s -> %s is legal but never taken", from, to)
			}
		}
	}
}

// exitCase is an exit and what autorestart makes of it.
type exitCase struct {
	exit   spawn.Exit
	policy config.Autorestart
}

// exitCases returns the cases that make a difference to an input.
func exitCases(kind Kind) (all []exitCase) {
	exits := []spawn.Exit{{Code: 0}, {Code: 1}, {Code: -1, Signal: syscall.SIGKILL}}
	policies := []config.Autorestart{config.RestartNever, config.RestartAlways, config.RestartUnexpected}
	if kind != ChildExited && kind != ExitMissed {
		return []exitCase{{exits[0], policies[2]}}
	}
	for _, policy := range policies {
		for _, exit := range exits {
			all = append(all, exitCase{exit, policy})
		}
	}
	return all
}

// forEachCase visits a machine in each state with each input. The bits of flags are
// what else makes a difference.
func forEachCase(visit func(*Machine, Input, time.Duration)) {
	for _, state := range states.All {
		for kind := range numKinds {
			for flags := range 1 << 9 {
				for _, c := range exitCases(kind) {
					for _, age := range []time.Duration{0, time.Second, time.Hour} {
						m, in := makeCase(state, kind, flags, c)
						visit(m, in, age)
					}
				}
			}
		}
	}
}

func makeCase(state states.Process, kind Kind, flags int, c exitCase) (*Machine, Input) {
	is := func(bit int) bool { return flags>>bit&1 != 0 }
	m := machineIn(state)
	m.conf.Autorestart = c.policy
	m.noStarts, m.StartDue, m.StartPending = is(0), is(1), is(2)
	m.conf.StartSecs = flags >> 3 & 1
	m.Tries = 3 * (flags >> 4 & 1)
	m.conf.KillAsGroup, m.inBatch = is(5), is(6)
	if is(7) {
		withRestartsUsed(2)(m)
	}
	if is(8) {
		awaitingReady(m)
		m.ReadyTimedOut = state == states.Starting && m.StartPending
	}
	if state == states.Starting && (kind == ChildSpawned || kind == SpawnFailed) {
		m.PID = 0
	}
	if is(0) && is(1) && canDefer(state) {
		m.WaitingFor = "db:ready"
	}
	in := Input{Kind: kind, PID: 8, Exit: c.exit, Signal: syscall.SIGHUP, Text: "why"}
	if kind >= BecameReady && kind <= ReplaceRequested {
		in.PID = m.PID
	}
	in.Saved = &Status{State: states.All[flags%len(states.All)], ChildStatus: ChildStatus{PID: 8, Started: boottime.At(noon)}}
	in.Unwanted = is(3)
	if is(4) {
		in.By = ByHealth
	}
	addDescendants(m, &in, flags)
	return m, in
}

// addDescendants adds descendants and stop policies to the inputs that they make a
// difference to.
func addDescendants(m *Machine, in *Input, flags int) {
	switch in.Kind {
	case ChildExited, ExitMissed, DescendantsExited, TimerFired, KillRequested:
	default:
		return
	}
	remaining := [][]descendants.Process{nil, {inside}, {outside}, {inside, outside}}
	stops := []func(*Machine){
		func(*Machine) {}, withTreeScope, withLeftovers(config.LeftoversKill),
		func(m *Machine) { withLeaderExited(m); withStopSequence(m) },
	}
	in.Remaining = remaining[flags%len(remaining)]
	stops[flags>>2%len(stops)](m)
	m.LeaderExited = m.LeaderExited && m.State == states.Stopping
}

// TestEveryStateTakesEveryInputWithHooks is the same walk for a process with hooks,
// each of which runs where it can.
func TestEveryStateTakesEveryInputWithHooks(t *testing.T) {
	t.Parallel()
	where := map[Hook][]states.Process{
		NoHook:    states.All[:],
		PreStart:  {states.Starting, states.Stopping},
		PostStart: {states.Running, states.Unknown},
		PreStop:   {states.Stopping, states.Unknown},
		PostStop:  {states.Stopped, states.Starting, states.Backoff, states.Stopping, states.Exited, states.Fatal},
	}
	for running, all := range where {
		for _, state := range all {
			for kind := range numKinds {
				for flags := range 1 << 11 {
					m, in, possible := makeHookCase(state, running, kind, flags)
					if !possible {
						continue
					}
					what := func() string {
						return fmt.Sprintf("%s, %q, input %d (%s), flags %b", state, running, kind, in.Hook, flags)
					}
					checkStep(t, what, m, state, m.Step(noon.Add(time.Minute), in))
				}
			}
		}
	}
}

// makeHookCase returns a machine whose hook is running, and an input. Not every case is
// possible.
func makeHookCase(state states.Process, running Hook, kind Kind, flags int) (m *Machine, in Input, possible bool) {
	is := func(bit int) bool { return flags>>bit&1 != 0 }
	m = machineIn(state)
	m.conf.Hooks = allHooks
	if is(0) {
		m.conf.Hooks.PostStop = ""
	}
	m.Hook = running
	m.noStarts, m.StartDue, m.StartPending = is(1), is(2), is(3)
	m.conf.StartSecs, m.inBatch = flags>>4&1, is(5)
	m.conf.Autorestart = []config.Autorestart{config.RestartNever, config.RestartAlways}[flags>>6&1]
	spawns := kind == ChildSpawned || kind == SpawnFailed
	if runsWithoutChild(running, state) || spawns || running == PreStop && is(7) {
		m.PID = 0
	}
	switch {
	case (kind == ChildExited || kind == SignalFailed || kind == ChildAdopted) && m.PID == 0: // no child
		return nil, Input{}, false
	case spawns && (running != NoHook || state != states.Starting): // both follow SpawnChild in the same step
		return nil, Input{}, false
	case kind == TimerFired && state == states.Starting && m.PID == 0: // the timer is stopped
		return nil, Input{}, false
	}
	in = Input{Kind: kind, PID: 8, Exit: spawn.Exit{Code: flags >> 8 & 1}, Signal: 1, Hook: Hook(flags>>9%4 + 1)}
	if is(10) {
		in.Text, in.Hook = "why", running
	}
	in.Saved = &Status{
		State: states.All[flags%len(states.All)], Hook: Hook(flags % int(numHooks)),
		ChildStatus: ChildStatus{PID: 8, Started: boottime.At(noon)},
	}
	return m, in, true
}

// runsWithoutChild reports whether a hook runs while there is no child.
func runsWithoutChild(h Hook, s states.Process) bool {
	return h == PreStart || h == PostStop && (s == states.Starting || s == states.Stopping)
}

// canDefer reports whether a start can wait for others in that state.
func canDefer(s states.Process) bool {
	return s == states.Stopping || s.IsStopped() && s != states.Unknown
}

// checkStep checks what must hold after every step. what says which step it was.
func checkStep(t *testing.T, what func() string, m *Machine, from states.Process, effects []Effect) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s", what(), fmt.Sprintf(format, args...))
	}
	spawns := checkEffects(fail, m, from, effects)
	if m.LeaderExited && m.State != states.Stopping {
		fail("%s while descendants end", m.State)
	}
	if m.WaitingFor != "" && !canDefer(m.State) {
		fail("%s with a start that waits for %s", m.State, m.WaitingFor)
	}
	if spawns > 0 && (m.Hook == PreStart || m.Hook == PostStop) {
		fail("spawn during %s", m.Hook)
	}
	if spawns > 0 && m.PID != 0 {
		fail("spawn while pid %d is alive", m.PID)
	}
	if spawns > 0 && m.noStarts {
		fail("spawn while starts are forbidden")
	}
	alive := m.State == states.Running || m.State == states.Stopping && (m.PID != 0 || m.Hook == NoHook)
	if alive != (m.PID != 0) && m.State != states.Starting && m.State != states.Unknown && from != states.Unknown {
		fail("%s with pid %d", m.State, m.PID)
	}
}

// checkEffects checks the effects of a step, and returns how many children it spawns.
func checkEffects(fail func(format string, args ...any), m *Machine, from states.Process, effects []Effect) (spawns int) {
	at, signals, hooks := from, 0, 0
	for _, e := range effects {
		switch e := e.(type) {
		case PublishChange:
			if e.From != at || !slices.Contains(legal[at], e.To) {
				fail("illegal %s -> %s", e.From, e.To)
			}
			at = e.To
		case RestoreState:
			at = e.To
		case SpawnChild:
			spawns++
			if at != states.Starting {
				fail("spawn in %s", at)
			}
		case SendSignal:
			signals++
			if m.PID == 0 && e.To < ToScope {
				fail("signal without a child")
			}
		case RunHook:
			hooks++
			if e.Hook != m.Hook {
				fail("%s is run while %q is running", e.Hook, m.Hook)
			}
		case SetTimer:
			if e.After < 0 {
				fail("timer of %s", e.After)
			}
		}
	}
	if at != m.State {
		fail("published %s, is %s", at, m.State)
	}
	if spawns > 1 || signals > 1 || hooks > 1 {
		fail("%d spawns, %d signals, %d hooks", spawns, signals, hooks)
	}
	return spawns
}
