package process

import (
	"fmt"
	"syscall"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/system/errno"
)

// signalEarly sends the stop signal of a stop that is to come. Anything that could
// fail is left to the stop itself, and so is a stop that begins with more than one
// signal.
func (p *Process) signalEarly() {
	m, conf := p.machine, p.CurrentConfig()
	if s := m.State; s != states.Starting && s != states.Running || p.child == nil || !m.StopsWithOneSignal() {
		return
	}
	if p.deliverSignal(machine.SendSignal{Signal: conf.StopSignal, To: m.StopTarget(conf.StopAsGroup)}) == nil {
		p.signaledAt = time.Now()
		p.publish()
	}
}

func (p *Process) isSignaledEarly() bool { return !p.signaledAt.IsZero() }

// signal sends a signal and returns the text of a failure. A child that has just
// exited is no failure: its exit is about to arrive.
func (p *Process) signal(e machine.SendSignal) (failure string) {
	stopping := p.machine.State == states.Stopping
	if stopping && p.isSignaledEarly() {
		since := p.signaledAt
		p.signaledAt = time.Time{}
		if e.Signal == p.CurrentConfig().StopSignal { // the child has it, and had some of its time already
			p.setTimer(max(time.Until(p.machine.Deadline.Time)-time.Since(since), exitGrace))
			return ""
		}
	}
	err := p.deliverSignal(e)
	switch {
	case err == nil:
		return ""
	case err == syscall.ESRCH:
		p.opts.Log.Debug(unableToSignal(p.Config.Name, p.machine.PID, stopping))
		return ""
	case p.child == nil: // UNKNOWN ends with the exit of a child, and there is none
		p.opts.Log.Warn(signalProblem(p.Config.Name, p.machine.PID, stopping, err))
		return ""
	}
	return signalProblem(p.Config.Name, p.machine.PID, stopping, err)
}

// deliverSignal sends a signal to its target.
func (p *Process) deliverSignal(e machine.SendSignal) error {
	switch {
	case e.To >= machine.ToScope && p.tree != nil:
		return p.tree.Signal(e.Signal, e.To == machine.ToAll)
	case p.child == nil:
		return syscall.ESRCH
	}
	return p.child.Signal(e.Signal, e.To != machine.ToLeader)
}

// unableToSignal is Supervisor's text for a signal that came too late.
func unableToSignal(name string, pid int, stopping bool) string {
	just := "just now"
	if stopping {
		just = "just"
	}
	return fmt.Sprintf("unable to signal %s (pid %d), it probably %s exited on its own: [Errno %d] No such process",
		name, pid, just, int(syscall.ESRCH))
}

// signalProblem is Supervisor's text for a signal that the kernel refused.
func signalProblem(name string, pid int, stopping bool, err error) string {
	doing := "sending sig"
	if stopping {
		doing = "killing"
	}
	return fmt.Sprintf("unknown problem %s %s (%d):%s", doing, name, pid, errno.Name(err))
}
