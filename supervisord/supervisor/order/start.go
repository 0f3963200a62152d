package order

import (
	"iter"
	"slices"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
)

// IsStartable reports whether a start can have any effect, now or later. When a process
// that is UNKNOWN will end is not known.
func IsStartable(st states.Process) bool { return !st.IsRunning() && st != states.Unknown }

// HasToWait reports whether a process can't be started now, because of what it depends
// on or because things outside have to be probed first.
func (g *Graph[P]) HasToWait(p P) bool {
	return len(p.CurrentConfig().WaitFor) > 0 || len(g.AllUnmet(p)) > 0
}

// Pull is a process that is started because another one depends on it.
type Pull[P Process] struct {
	Process   P
	For       P
	HasToWait bool
}

// PullIn yields what has to be started for a process, dependencies first. Processes that
// are up, on their way there, or deferred already are left out. It looks at each process
// only after the ones before it have been handled, because their starts may have met its
// dependencies.
func (g *Graph[P]) PullIn(p P, isDeferred func(P) bool) iter.Seq[Pull[P]] {
	return func(yield func(Pull[P]) bool) { g.pullIn(p, isDeferred, make(map[P]bool), yield) }
}

func (g *Graph[P]) pullIn(p P, isDeferred func(P) bool, seen map[P]bool, yield func(Pull[P]) bool) bool {
	for _, d := range g.dependencies[p] {
		for _, t := range d.On {
			st := t.Status()
			if seen[t] || IsMet(d.Condition, t.CurrentConfig(), st) || !IsStartable(st.State) {
				continue
			}
			seen[t] = true
			if !g.pullIn(t, isDeferred, seen, yield) {
				return false
			}
			if !isDeferred(t) && !yield(Pull[P]{t, p, g.HasToWait(t)}) {
				return false
			}
		}
	}
	return true
}

// Deferred is a start that waits, as it is at one moment.
type Deferred struct {
	Config    *config.Process
	Status    *process.Status
	Unmet     []*Unmet // of dependencies and of probes
	Late      bool     // depends_timeout is over
	Requested bool     // a client waits for the answer
	Wanted    bool     // it is to be started even if no client waits any more
}

// Action is what to do with a deferred start.
type Action int

// The actions.
const (
	Wait        Action = iota
	Start              // nothing is in its way
	Supersede          // somebody else has started the process or cancelled the start
	TimeOut            // what it waits for did not come in time
	CancelStart        // it can't succeed, and only those who are refused wanted it
)

// Decision is what to do with a deferred start, and what to say.
type Decision struct {
	Action Action
	// WaitingFor is what the status shows from now on, if the start goes on waiting.
	WaitingFor string
	// Reason is why the start is not made: the reason for TimeOut, and the answer to
	// the requests if it is not "" with another action.
	Reason string
}

// Decide says what to do with a deferred start.
func (d *Deferred) Decide() Decision {
	switch {
	case d.Status.WaitingFor == "":
		return Decision{Action: Supersede}
	case d.Status.State == states.Stopping: // it has to stop first
		return Decision{Action: Wait, WaitingFor: d.Status.WaitingFor}
	}
	missing := d.missing()
	switch {
	case len(missing) == 0:
		return Decision{Action: Start}
	case d.Late:
		return Decision{Action: TimeOut, Reason: missing[0].TimeoutReason + " within " + option.FormatDuration(d.Config.DependsTimeout)}
	}
	decision := Decision{Action: Wait, WaitingFor: Join(missing)}
	if i := slices.IndexFunc(missing, func(u *Unmet) bool { return u.Hard && u.Unreachable }); i >= 0 && d.Requested {
		decision.Reason = "it needs " + missing[i].What + ", " + missing[i].Message
		if !d.Wanted {
			decision.Action = CancelStart
		}
	}
	return decision
}

// missing returns what keeps the process from being started. A soft dependency does so
// until it is late or can't be met any more.
func (d *Deferred) missing() []*Unmet {
	var list []*Unmet
	for _, u := range d.Unmet {
		if u.Hard || !u.Unreachable && !d.Late {
			list = append(list, u)
		}
	}
	return list
}
