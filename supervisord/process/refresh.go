package process

import (
	"strings"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process/hook"
	"supervisor/supervisord/process/machine"
)

// Refresh makes the child read its own configuration again, as the options of the
// program say: after reload_check, by reload_signal or reload_command. The answer
// comes when that is done. The fault is NOT_RUNNING for a process that does not run,
// and FAILED, in words for people, if the program has neither option, or if the check
// or the command fails. After a failed check nothing else happens.
func (p *Process) Refresh(name string) Answer {
	r := &refresh{p: p, name: name, later: make(chan outcome, 1)}
	a := p.request(&request{in: machine.Input{Name: name}, act: r.start})
	if a.err != nil {
		return a
	}
	return Answer{later: r.later}
}

// CanRefresh reports whether the program has reload_signal or reload_command.
func (p *Process) CanRefresh() bool {
	r := p.CurrentConfig().Refresh
	return r.Signal != 0 || r.Command != ""
}

// refresh is one that is under way. All but its channel belongs to Run.
type refresh struct {
	p     *Process
	name  string // by which the caller addressed the process
	later chan outcome
	pid   int // of the child it is for
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

// isUp reports whether there is a child that is not being stopped.
func (p *Process) isUp() bool {
	return p.machine.PID != 0 && (p.machine.State == states.Running || p.machine.State == states.Starting)
}

// execute sends the signal or runs the command, after the check.
func (r *refresh) execute() error {
	conf := r.p.CurrentConfig().Refresh
	if !r.p.isUp() || r.p.machine.PID != r.pid {
		return faults.New(faults.NotRunning, r.name)
	}
	if conf.Signal == 0 {
		return r.runCommand("reload_command", conf.Command, func() error { r.done(conf.Command); return nil })
	}
	if err := r.p.apply(machine.Input{Kind: machine.SignalRequested, Name: r.name, Signal: conf.Signal}); err != nil {
		return err
	}
	r.done(signals.Name(conf.Signal))
	return nil
}

func (r *refresh) done(how string) {
	r.p.opts.Log.Info("refreshed: " + r.p.Config.Name + " (" + how + ")")
	r.later <- outcome{}
}

// runCommand runs a command and goes on with then if it succeeds.
func (r *refresh) runCommand(what, command string, then func() error) error {
	_, failure := r.p.startHook(hookOptions{
		name: command, command: command, timeout: r.p.CurrentConfig().Hooks.Timeout,
		variables: hook.Variables(what, r.pid, nil),
		then:      func(h *runningHook) { r.commandDone(h, then) },
		aborted:   func() { r.later <- outcome{err: faults.Bare(faults.ShutdownState)} },
	})
	if failure.Text != "" {
		return faults.New(faults.Failed, failure.Text)
	}
	return nil
}

// commandDone goes on after a command of ours.
func (r *refresh) commandDone(h *runningHook, then func() error) {
	var err error
	if failure := h.FailureOutput(); failure != "" {
		err = faults.New(faults.Failed, failure)
	} else {
		err = then()
	}
	if err != nil {
		r.p.opts.Log.Warn("not refreshed: " + r.p.Config.Name + ": " + strings.TrimPrefix(err.Error(), faults.Failed.String()+": "))
		r.later <- outcome{err: err}
	}
}
