package process

import (
	"context"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process/machine"
)

// handle applies an input that is not a request, so there is no caller to refuse.
func (p *Process) handle(in machine.Input) { _ = p.apply(in) }

// apply lets the machine take a step and carries out its effects. What comes of
// these are further inputs, until there are none. It returns the refusal, if there
// was one.
func (p *Process) apply(in machine.Input) error {
	var refusal error
	for more := true; more; {
		more = false
		var next machine.Input
		in.Random = p.opts.Random()
		for _, e := range p.machine.Step(time.Now(), in) {
			switch e := e.(type) {
			case machine.Refuse:
				refusal = refusalError(e, in.Name)
			case machine.SpawnChild:
				p.publish() // readers see a spawn that takes long
				if next, more = p.spawnChild(), true; next.Kind == machine.SpawnFailed {
					p.recordFailedStart(next.Text)
				}
			case machine.RunHook:
				next, more = p.runHook(e)
			case machine.SendSignal:
				if failure := p.signal(e); failure != "" {
					next, more = machine.Input{Kind: machine.SignalFailed, Text: failure}, true
				}
			default:
				p.runEffect(e)
			}
		}
		in = next
	}
	if p.child == nil {
		p.releaseSocket() // before anyone learns that the child has exited
		if p.machine.State != states.Stopping {
			p.releaseTree()
		}
	}
	p.publish()
	p.answerWaiting()
	return refusal
}

// refusalError is the fault for a refusal of a request by that name. Like Supervisor's,
// SHUTDOWN_STATE has no detail.
func refusalError(r machine.Refuse, name string) error {
	if r.Code == faults.ShutdownState {
		return faults.Bare(r.Code)
	}
	return faults.New(r.Code, name+r.Why)
}

// runEffect carries out an effect that leads to no further input.
func (p *Process) runEffect(e machine.Effect) {
	switch e := e.(type) {
	case machine.SetTimer:
		p.setTimer(e.After)
	case machine.StopTimer:
		p.stopTimer()
	case machine.CancelHook:
		p.hooks.cancel()
	case machine.RestoreState:
		if p.opts.EventListener != nil {
			p.opts.EventListener.StateChanged(e.To, func() {})
		}
	case machine.PublishChange:
		p.publishChange(events.Change(e))
	case machine.WatchDescendants:
		p.treeEmpty = p.tree.Watch(e.All)
	case machine.ReportRestartLimit:
		if p.opts.RestartLimitReached != nil {
			p.opts.RestartLimitReached(p, e.Reason, e.Code)
		}
	case machine.LogLine:
		p.opts.Log.Log(context.Background(), e.Level, e.Text)
	}
}

// publishChange publishes a transition, and stops the timer of the old state.
func (p *Process) publishChange(c events.Change) {
	p.stopTimer()
	publish := func() { p.opts.Events.Publish(c.Type(), c.Payload) }
	if p.opts.EventListener == nil {
		publish()
		return
	}
	p.opts.EventListener.StateChanged(c.To, publish)
}
