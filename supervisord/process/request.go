package process

import (
	"context"
	"syscall"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process/machine"
)

// Start requests a child. It returns when the spawn has been tried; with wait, the
// answer comes when the process is RUNNING or its start has failed. Faults carry
// name, by which the caller addressed the process.
func (p *Process) Start(name string, wait bool) Answer { return p.StartBy("", name, wait) }

// StartBy is Start for a caller that is no operator: by says who it is, as in
// "health" or "dependency db", and is shown in Status.Reason.
func (p *Process) StartBy(by, name string, wait bool) Answer {
	r := &request{in: machine.Input{Kind: machine.StartRequested, Name: name, By: by}}
	if wait {
		r.done = func(s *Status) (bool, error) { return startDone(s, name) }
	}
	return p.request(r)
}

// Autostart starts a process that has never been started, as one of a batch.
// BatchStarted must follow when all of the batch have been started.
func (p *Process) Autostart() {
	p.request(&request{in: machine.Input{Kind: machine.AutostartRequested}})
}

// BatchStarted ends the batch that Autostart belongs to.
func (p *Process) BatchStarted() { p.request(&request{in: machine.Input{Kind: machine.BatchStarted}}) }

// DeferStart records what the start of the process waits for, in words, or with ""
// that it waits for nothing any more. That is all it does: the caller watches the
// dependencies, and calls Autostart or FailDependency.
func (p *Process) DeferStart(what string) {
	p.request(&request{in: machine.Input{Kind: machine.StartDeferred, Text: what}})
}

// UpdateDeferred changes the words of a start that waits. It does nothing if the
// start was called off meanwhile.
func (p *Process) UpdateDeferred(what string) {
	p.request(&request{in: machine.Input{Kind: machine.StartDeferred, Text: what, Update: true}})
}

// FailDependency gives up a process whose start waits: it becomes FATAL, and why is
// the reason.
func (p *Process) FailDependency(why string) {
	p.request(&request{in: machine.Input{Kind: machine.DependencyFailed, Text: why}})
}

// Stop asks the child to end. With wait, the answer comes when it has.
func (p *Process) Stop(name string, wait bool) Answer { return p.StopBy("", name, wait) }

// StopBy is Stop for a caller that is no operator, see StartBy.
func (p *Process) StopBy(by, name string, wait bool) Answer {
	return p.requestStop(machine.Input{Kind: machine.StopRequested, Name: name, By: by}, wait)
}

// Kill sends SIGKILL to the child, and to what is stopped with it, at once. Unlike
// StopBy it is not refused while the process is stopping.
func (p *Process) Kill(by, name string, wait bool) Answer {
	return p.requestStop(machine.Input{Kind: machine.KillRequested, Name: name, By: by}, wait)
}

func (p *Process) requestStop(in machine.Input, wait bool) Answer {
	r := &request{in: in}
	if wait {
		r.done = stopDone()
	}
	return p.request(r)
}

// Reset clears the counters of restarts and failed attempts. It starts and stops
// nothing.
func (p *Process) Reset(name string) error {
	return p.request(&request{in: machine.Input{Kind: machine.ResetRequested, Name: name}}).err
}

// Signal sends a signal to the child.
func (p *Process) Signal(name string, sig syscall.Signal) error {
	return p.request(&request{in: machine.Input{Kind: machine.SignalRequested, Name: name, Signal: sig}}).err
}

// WriteStdin writes to the stdin of the child. What the pipe does not take at once is
// kept until it does.
func (p *Process) WriteStdin(name string, data []byte) error {
	return p.request(&request{in: machine.Input{Name: name}, act: func() error { return p.writeStdin(name, data) }}).err
}

// Reconfigure puts another configuration in force. It may differ from the present
// one in the options that config.Process.Diff calls Live.
func (p *Process) Reconfigure(conf *config.Process) {
	p.request(&request{act: func() error {
		p.machine.SetConfig(conf)
		p.currentConfig.Store(conf)
		err := p.apply(machine.Input{Kind: machine.Reconfigured})
		if p.opts.Changed != nil {
			p.opts.Changed(p) // for observers that depend on the configuration
		}
		return err
	}})
}

// ForbidStarts forbids further starts, because the daemon or the group shuts down. A
// child that is alive is left alone.
func (p *Process) ForbidStarts() {
	p.request(&request{in: machine.Input{Kind: machine.StartsForbidden}})
}

// AllowStarts takes ForbidStarts back. A start that was due happens now.
func (p *Process) AllowStarts() { p.request(&request{in: machine.Input{Kind: machine.StartsAllowed}}) }

// SignalEarly sends the child its stop signal before Shutdown, which must follow.
// Until then nothing visible changes: if the child exits, its exit is handled only
// once the stop has been requested.
func (p *Process) SignalEarly() {
	p.request(&request{act: func() error { p.signalEarly(); return nil }})
}

// Shutdown stops the process because the daemon ends. The answer comes when it is
// stopped.
func (p *Process) Shutdown() Answer {
	return p.request(&request{
		in:   machine.Input{Kind: machine.ShutdownRequested, By: "the shutdown"},
		done: stopDone(),
	})
}

// Await waits until a condition holds for the status. It is checked at once, and by
// the owner of the process after every step, so no moment is missed; it must not
// block. The answer is the error of the condition. After ctx has ended the request
// is dropped, sooner or later. If the process is removed (ErrRemoved), or was, the
// answer is BAD_NAME.
func (p *Process) Await(ctx context.Context, done func(*Status) (bool, error)) Answer {
	return p.request(&request{in: machine.Input{Kind: machine.StatusAwaited}, done: done, ctx: ctx})
}

// WaitPostStop waits until no post_stop runs any more for a child that has exited,
// until there is another child, or until Run has ended.
func (p *Process) WaitPostStop(ctx context.Context) error {
	a := p.request(&request{
		act:  func() error { return nil },
		done: func(s *Status) (bool, error) { return s.Hook != PostStop || !s.State.IsStopped(), nil },
	})
	if a.later == nil {
		return nil // none runs
	}
	select {
	case <-a.later:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
	}
	return nil
}

// Ready reports that ready= has succeeded for the child with that pid. This and the
// following calls do nothing if the process has another child by now.
func (p *Process) Ready(pid int) {
	p.request(&request{in: machine.Input{Kind: machine.BecameReady, PID: pid}})
}

// NotReady reports why ready= has failed. That does not fail the start yet.
func (p *Process) NotReady(pid int, why string) {
	p.request(&request{in: machine.Input{Kind: machine.ReadyProbeFailed, PID: pid, Text: why}})
}

// ExtendTimeout gives a child more time from now on, for its start or its stop,
// whichever is under way.
func (p *Process) ExtendTimeout(pid int, by time.Duration) {
	p.request(&request{in: machine.Input{Kind: machine.TimeoutExtended, PID: pid, Extension: by}})
}

// ReportHealth reports the health of a child, and why the last probe failed, "" for a
// success. The process only shows it.
func (p *Process) ReportHealth(pid int, health HealthStatus, failure string) {
	p.request(&request{in: machine.Input{Kind: machine.HealthReported, PID: pid, Health: health, Text: failure}})
}

// Replace stops the unhealthy child with that pid, for the reason given, and starts
// another one when it has exited, if restart_limit allows it. A stop request that
// comes meanwhile prevails.
func (p *Process) Replace(pid int, reason string) {
	p.request(&request{in: machine.Input{Kind: machine.ReplaceRequested, PID: pid, By: ByHealth, Text: reason}})
}
