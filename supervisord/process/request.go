package process

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process/machine"
)

// request is something that somebody wants of a process.
type request struct {
	in    machine.Input
	act   func() error    // instead of in: what is no matter of the machine
	reply chan outcome    // buffered: Run never waits for who asked
	done  condition       // nil: answered as soon as it has been acted on
	ctx   context.Context // of who waits, nil if it is waited for in any case
}

// outcome answers a request. One that must wait gets two: that it was taken
// up, and what came of it.
type outcome struct {
	err     error
	pending bool
}

// condition tells whether a waiting request can be answered, and how.
type condition func(*Status) (done bool, err error)

// Answer is what a request came to, now or later.
type Answer struct {
	err   error
	later <-chan outcome
}

// Answered is an answer given without asking the process; nil stands for
// success.
func Answered(err error) Answer { return Answer{err: err} }

// Promise returns an answer that is yet to come, and what gives it, which is
// called once.
func Promise() (Answer, func(error)) {
	later := make(chan outcome, 1)
	return Answer{later: later}, func(err error) { later <- outcome{err: err} }
}

// Done tells whether Wait would return at once.
func (a Answer) Done() bool { return a.later == nil }

// Wait blocks until the request has been fulfilled, has failed, or ctx ends.
// Giving up takes nothing back: the process goes on. The error is a
// *faults.Error, or ctx's.
func (a Answer) Wait(ctx context.Context) error {
	if a.later == nil {
		return a.err
	}
	select {
	case o := <-a.later:
		return o.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Start asks for a child. It returns when the attempt has been made; with
// wait, the answer comes when the process is RUNNING or has failed to. Faults
// carry name, the words in which the caller spoke of the process.
func (p *Process) Start(name string, wait bool) Answer { return p.StartBy("", name, wait) }

// StartBy is Start for somebody who is no operator: by says who, as in "health"
// or "dependency db", which Status.Reason then tells.
func (p *Process) StartBy(by, name string, wait bool) Answer {
	r := &request{in: machine.Input{Kind: machine.StartRequested, Text: name, By: by}}
	if wait {
		r.done = func(s *Status) (bool, error) { return startDone(s, name) }
	}
	return p.request(r)
}

// Autostart starts a process that has never been started, as one of several in
// a round that ends with RoundOver.
func (p *Process) Autostart() {
	p.request(&request{in: machine.Input{Kind: machine.AutostartRequested}})
}

// BatchStarted tells the process that all of its round have been started.
func (p *Process) BatchStarted() { p.request(&request{in: machine.Input{Kind: machine.BatchStarted}}) }

// DeferStart tells the process what its start waits for, in words, or that it waits for
// nothing any more with "". Nothing else comes of that: Autostart is to follow, or
// Forsake.
func (p *Process) DeferStart(what string) {
	p.request(&request{in: machine.Input{Kind: machine.StartDeferred, Text: what}})
}

// UpdateDeferred is Delay for a start that waits already, with other words. If it has been
// called off meanwhile nothing happens.
func (p *Process) UpdateDeferred(what string) {
	p.request(&request{in: machine.Input{Kind: machine.StartDeferred, Text: what, Update: true}})
}

// FailDependency gives up a process whose start waits: it becomes FATAL, with why as the
// cause.
func (p *Process) FailDependency(why string) {
	p.request(&request{in: machine.Input{Kind: machine.DependencyFailed, Text: why}})
}

// Stop asks the child to end. With wait, the answer comes when it has.
func (p *Process) Stop(name string, wait bool) Answer { return p.StopBy("", name, wait) }

// StopBy is Stop for somebody who is no operator, see StartBy.
func (p *Process) StopBy(by, name string, wait bool) Answer {
	r := &request{in: machine.Input{Kind: machine.StopRequested, Text: name, By: by}}
	if wait {
		r.done = stopDone()
	}
	return p.request(r)
}

// Reset forgets the restarts and the failed attempts so far. It starts and stops
// nothing.
func (p *Process) Reset(name string) error {
	return p.request(&request{in: machine.Input{Kind: machine.ResetRequested, Text: name}}).err
}

// Signal sends a signal to the child.
func (p *Process) Signal(name string, sig syscall.Signal) error {
	return p.request(&request{in: machine.Input{Kind: machine.SignalRequested, Text: name, Signal: sig}}).err
}

// WriteStdin writes to the child's stdin. What the pipe does not take at once is
// kept until it does.
func (p *Process) WriteStdin(name string, data []byte) error {
	return p.request(&request{in: machine.Input{Text: name}, act: func() error { return p.writeStdin(name, data) }}).err
}

// Reconfigure has the process go by another configuration from now on. That may
// differ from the present one in what config.Process.Diff calls Live.
func (p *Process) Reconfigure(conf *config.Process) {
	p.request(&request{act: func() error {
		p.machine.SetConfig(conf)
		p.currentConfig.Store(conf)
		err := p.apply(machine.Input{Kind: machine.Reconfigured})
		if p.Changed != nil {
			p.Changed(p) // whoever goes by it may have to do something else now
		}
		return err
	}})
}

// ForbidStarts forbids further births: the daemon, or the group, is on its way out. A
// child that lives is left alone.
func (p *Process) ForbidStarts() {
	p.request(&request{in: machine.Input{Kind: machine.StartsForbidden}})
}

// WaitPostStop waits until nothing is run any more on behalf of a child that has
// ended, until there is another one, or until Run has ended.
func (p *Process) WaitPostStop(ctx context.Context) error {
	a := p.request(&request{
		act:  func() error { return nil },
		done: func(s *Status) (bool, error) { return s.Hook != PostStop || !s.State.IsStopped(), nil },
	})
	if a.later == nil {
		return nil // it is so already
	}
	select {
	case <-a.later:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
	}
	return nil
}

// AllowStarts takes Hold back.
func (p *Process) AllowStarts() { p.request(&request{in: machine.Input{Kind: machine.StartsAllowed}}) }

// SignalEarly sends the child its stop signal ahead of Abort, which must follow. Until
// then nothing changes that anybody could see: if the child ends, that is news
// only once it has been asked to.
func (p *Process) SignalEarly() {
	p.request(&request{act: func() error { p.signalEarly(); return nil }})
}

// Shutdown stops the process for the daemon's own end. The answer comes when it
// is at rest.
func (p *Process) Shutdown() Answer {
	return p.request(&request{
		in:   machine.Input{Kind: machine.ShutdownRequested, By: "the shutdown"},
		done: stopDone(),
	})
}

// request hands r to Run and waits until it has been acted on.
func (p *Process) request(r *request) Answer {
	r.reply = make(chan outcome, 2)
	select {
	case p.requests <- r:
	case <-p.done:
		return Answer{err: faults.New(faults.BadName, r.in.Text)}
	}
	o := <-r.reply
	if o.pending {
		return Answer{later: r.reply}
	}
	return Answer{err: o.err}
}

// handleRequest acts on a request and keeps it if its condition does not hold yet.
func (p *Process) handleRequest(r *request) {
	act := func() error { return p.apply(r.in) }
	if r.act != nil {
		act = r.act
	}
	if err := act(); err != nil {
		r.reply <- outcome{err: err}
		return
	}
	if r.act == nil && r.in.Kind == machine.StartRequested && p.machine.SpawnErr != "" {
		r.reply <- outcome{err: faults.New(faults.SpawnError, r.in.Text)}
		return
	}
	if r.done == nil {
		r.reply <- outcome{}
		return
	}
	if done, err := r.done(p.Status()); done {
		r.reply <- outcome{err: err}
		return
	}
	r.reply <- outcome{pending: true}
	p.waiting = append(p.waiting, r)
	p.logStopWait()
}

// writeStdin writes to the stdin of a child that is not on its way out.
func (p *Process) writeStdin(name string, data []byte) error {
	if p.child == nil || p.machine.State == states.Stopping {
		return faults.New(faults.NotRunning, name)
	}
	switch err := p.child.Write(data); {
	case errors.Is(err, syscall.EPIPE):
		return faults.New(faults.NoFile, name)
	case err != nil:
		return faults.New(faults.Failed, err.Error())
	}
	return nil
}

// logStopWait tells, now and again every reportEvery, that somebody waits for
// the process to stop.
func (p *Process) logStopWait() {
	waits := slices.ContainsFunc(p.waiting, func(r *request) bool { return r.in.Kind == machine.StopRequested || r.in.Kind == machine.KillRequested })
	if p.machine.State != states.Stopping || !waits {
		return
	}
	p.Log.Info("waiting for " + p.Config.Name + " to stop")
	p.stopReport.Reset(reportEvery)
}

// answerWaiting lets go of the requests whose conditions have come true.
func (p *Process) answerWaiting() {
	kept := p.waiting[:0]
	for _, r := range p.waiting {
		if r.isCancelled() {
			continue
		}
		if done, err := r.done(p.Status()); done {
			r.reply <- outcome{err: err}
		} else {
			kept = append(kept, r)
		}
	}
	clear(p.waiting[len(kept):])
	p.waiting = kept
}

// answerRemoved answers all who still wait, as those are answered who come now: there
// is no such process. That it is at rest is all that a stop was to bring.
func (p *Process) answerRemoved() {
	for _, r := range p.waiting {
		var err error
		if k := r.in.Kind; k != machine.StopRequested && k != machine.KillRequested && k != machine.ShutdownRequested || !p.machine.State.IsStopped() {
			err = faults.New(faults.BadName, r.in.Text)
		}
		r.reply <- outcome{err: err}
	}
	p.waiting = nil
}

// startDone is the condition of a waiting start request.
func startDone(s *Status, name string) (bool, error) {
	switch {
	case s.SpawnErr != "":
		return true, faults.New(faults.SpawnError, name)
	case s.State == states.Running:
		return true, nil
	case s.State == states.Starting, s.State == states.Stopping:
		return false, nil
	}
	return true, faults.New(faults.AbnormalTermination, name)
}

// stopDone is the condition of a waiting stop request: the process is at rest,
// or the child that was to end has ended and somebody's start request has
// brought another one already. It is first asked while that child is alive.
func stopDone() condition {
	pid := -1
	return func(s *Status) (bool, error) {
		if pid < 0 {
			pid = s.PID
		}
		if s.State.IsStopped() {
			return s.Hook != PostStop, nil
		}
		return s.PID != pid && s.State != states.Stopping, nil
	}
}

// reportEvery is the time between two lines about a stop that takes long.
const reportEvery = 2 * time.Second

// Kill asks the child, and who is to be stopped with it, to end at once: with
// SIGKILL. Otherwise it is StopBy, but not refused while the process is stopping.
func (p *Process) Kill(by, name string, wait bool) Answer {
	r := &request{in: machine.Input{Kind: machine.KillRequested, Text: name, By: by}}
	if wait {
		r.done = stopDone()
	}
	return p.request(r)
}
