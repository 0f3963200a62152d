package process

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process/machine"
)

// reportEvery is the time between two log lines about a stop that takes long.
const reportEvery = 2 * time.Second

// request is something that a caller wants of a process.
type request struct {
	in    machine.Input
	act   func() error    // in place of in, for what the machine has no part in
	reply chan outcome    // buffered: Run never waits for the caller
	done  condition       // nil: answered as soon as it has been acted on
	ctx   context.Context // of the caller; once it has ended the request is dropped; nil for never
}

// outcome answers a request. A request that has to wait gets two: that it is
// pending, and what came of it.
type outcome struct {
	err     error
	pending bool
}

// condition reports whether a waiting request can be answered, and how.
type condition func(*Status) (done bool, err error)

// isCancelled reports whether the caller has stopped waiting.
func (r *request) isCancelled() bool { return r.ctx != nil && r.ctx.Err() != nil }

// Answer is what a request came to, now or later.
type Answer struct {
	err   error
	later <-chan outcome
}

// Answered returns an answer that is known without asking the process; nil stands
// for success.
func Answered(err error) Answer { return Answer{err: err} }

// Promise returns an answer that is still to come, and the function that gives it,
// which must be called once.
func Promise() (Answer, func(error)) {
	later := make(chan outcome, 1)
	return Answer{later: later}, func(err error) { later <- outcome{err: err} }
}

// Done reports whether Wait would return at once.
func (a Answer) Done() bool { return a.later == nil }

// Wait blocks until the request has succeeded or failed, or ctx ends. A caller that
// gives up takes nothing back: the process goes on. The error is a *faults.Error,
// or that of ctx.
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

// request passes r to Run and blocks until that has acted on it.
func (p *Process) request(r *request) Answer {
	r.reply = make(chan outcome, 2)
	select {
	case p.requests <- r:
	case <-p.done:
		return Answer{err: faults.New(faults.BadName, r.in.Name)}
	}
	o := <-r.reply
	if o.pending {
		return Answer{later: r.reply}
	}
	return Answer{err: o.err}
}

// handleRequest acts on a request, and keeps it if its condition does not hold yet.
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
		r.reply <- outcome{err: faults.New(faults.SpawnError, r.in.Name)}
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

// answerWaiting answers the requests whose condition has come true.
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

// answerRemoved answers all waiting requests like those that come too late: there
// is no such process. A stop has reached its end if the process is stopped.
func (p *Process) answerRemoved() {
	for _, r := range p.waiting {
		var err error
		if !r.isStop() && r.in.Kind != machine.ShutdownRequested || !p.machine.State.IsStopped() {
			err = faults.New(faults.BadName, r.in.Name)
		}
		r.reply <- outcome{err: err}
	}
	p.waiting = nil
}

// isStop reports whether a caller asked for a stop.
func (r *request) isStop() bool {
	return r.in.Kind == machine.StopRequested || r.in.Kind == machine.KillRequested
}

// logStopWait logs, and then every reportEvery, that a caller waits for the process
// to stop.
func (p *Process) logStopWait() {
	if p.machine.State != states.Stopping || !slices.ContainsFunc(p.waiting, (*request).isStop) {
		return
	}
	p.opts.Log.Info("waiting for " + p.Config.Name + " to stop")
	p.stopReport.Reset(reportEvery)
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

// stopDone returns the condition of a waiting stop request: the process is stopped,
// or its child has exited and the start request of another caller has already
// brought the next one. It must first be checked while the child is alive.
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

// writeStdin writes to the stdin of a child that is not being stopped.
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
