package process

import (
	"strconv"
	"strings"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process/machine"
)

// Refresh has the child read its own configuration again, in the way that the
// program's says: after its check, if there is one, a signal or a command. The
// answer comes when that is done. The fault is NOT_RUNNING for a process that is
// not running, and FAILED, in words for people, for one that does not say how, or
// when the check or the command fails. A check that fails is all that happens.
func (p *Process) Refresh(name string) Answer {
	r := &refresh{p: p, name: name, later: make(chan outcome, 1)}
	a := p.request(&request{in: machine.Input{Text: name}, act: r.start})
	if a.err != nil {
		return a
	}
	return Answer{later: r.later}
}

// CanRefresh tells whether the program's configuration says how to have it read
// its own again.
func (p *Process) CanRefresh() bool {
	r := p.CurrentConfig().Refresh
	return r.Signal != 0 || r.Command != ""
}

// refresh is one on its way. All but its channel belongs to Run.
type refresh struct {
	p     *Process
	name  string // by which the caller spoke of the process
	later chan outcome
	pid   int // of the child that it is for
}

func (r *refresh) start() error {
	conf := r.p.CurrentConfig().Refresh
	switch {
	case !r.p.isUp():
		return faults.New(faults.NotRunning, r.name)
	case !r.p.CanRefresh():
		return faults.New(faults.Failed, "neither reload_signal nor reload_command is set")
	}
	r.pid = r.p.machine.PID
	if conf.Check == "" {
		return r.execute()
	}
	return r.runCommand("reload_check", conf.Check, r.execute)
}

// isUp tells whether there is a child that is to stay.
func (p *Process) isUp() bool {
	return p.machine.PID != 0 && (p.machine.State == states.Running || p.machine.State == states.Starting)
}

// execute does it.
func (r *refresh) execute() error {
	conf := r.p.CurrentConfig().Refresh
	if !r.p.isUp() || r.p.machine.PID != r.pid {
		return faults.New(faults.NotRunning, r.name)
	}
	if conf.Signal == 0 {
		return r.runCommand("reload_command", conf.Command, func() error { r.done(conf.Command); return nil })
	}
	if err := r.p.apply(machine.Input{Kind: machine.SignalRequested, Text: r.name, Signal: conf.Signal}); err != nil {
		return err
	}
	r.done(signals.Name(conf.Signal))
	return nil
}

func (r *refresh) done(how string) {
	r.p.Log.Info("refreshed: " + r.p.Config.Name + " (" + how + ")")
	r.later <- outcome{}
}

// runCommand runs a command and goes on with then if it succeeds.
func (r *refresh) runCommand(what, command string, then func() error) error {
	_, failure := r.p.startHelper(helperOptions{
		name: command, command: command, limit: r.p.CurrentConfig().Hooks.Timeout,
		variables: []string{HookVar + "=" + what, pidVar + "=" + strconv.Itoa(r.pid)},
		then: func(e *helperProcess) {
			err := e.fault()
			if err == nil {
				err = then()
			}
			if err != nil {
				r.p.Log.Warn("not refreshed: " + r.p.Config.Name + ": " + strings.TrimPrefix(err.Error(), faults.Failed.String()+": "))
				r.later <- outcome{err: err}
			}
		},
		aborted: func() { r.later <- outcome{err: faults.Bare(faults.ShutdownState)} },
	})
	if failure.Text != "" {
		return faults.New(faults.Failed, failure.Text)
	}
	return nil
}

// fault is the fault for an errand that has failed: what it said last, or how it
// ended.
func (e *helperProcess) fault() error {
	if e.failure == "" {
		return nil
	}
	if last := e.output.lastLines(); last != "" && e.status != 0 {
		return faults.New(faults.Failed, e.name+": "+last)
	}
	return faults.New(faults.Failed, e.failure)
}
