package process

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/pidfd"
)

// Adopt goes on with the process where an earlier daemon left it. If its child has
// exited meanwhile, the process handles that exit. Adopt is called once, before any
// other request.
func (p *Process) Adopt(s *Saved) {
	p.request(&request{act: func() error { p.adopt(s); return nil }})
}

func (p *Process) adopt(s *Saved) {
	p.restoreRuns(s)
	in := machine.Input{Kind: machine.StateRestored, Adoption: machine.Adoption{Saved: &s.Status, Unwanted: s.Unwanted, HandedOver: s.HandedOver}}
	switch {
	case s.LeaderExited:
		in.Kind, in.Exit = machine.ExitMissed, s.Status.LastExit()
	case s.Exit != nil:
		in.Kind, in.Exit = machine.ExitMissed, *s.Exit
	case s.PID != 0:
		in.Kind, in.Exit = p.adoptChild(s)
	}
	if in.Kind == machine.ChildAdopted {
		in.OutputErr = p.outputError()
	}
	if in.Kind == machine.ExitMissed {
		if !s.LeaderExited { // its run has ended before
			p.endRun(&s.Status, in.Exit)
		}
		p.findTree(s.Orphan())
		in.Remaining = p.remainingDescendants()
	}
	in.LostDaemon = !s.HandedOver && (in.Kind == machine.ExitMissed || p.opts.EventListener != nil)
	_ = p.apply(in) // there is no request to refuse
}

// restoreRuns restores the recorded runs. The state of the machine is that of the
// earlier daemon from here on, so that an exit in between is recorded as one of its child.
func (p *Process) restoreRuns(s *Saved) {
	list := s.Runs
	if s.LastRun != nil && (len(list) == 0 || s.LastRun.EndedAfter(&list[len(list)-1])) {
		list = append(slices.Clone(list), *s.LastRun)
	}
	p.runs.restore(list, s.Run)
}

// adoptChild adopts the child, or returns how it has exited.
func (p *Process) adoptChild(s *Saved) (machine.Kind, spawn.Exit) {
	if err := p.openLogs(); err != nil {
		p.opts.Log.Error(fmt.Sprintf("open the logs of %s: %v", p.Config.Name, err))
	}
	p.stdout.Restore(s.Streams[0])
	p.stderr.Restore(s.Streams[1])
	child, err := p.opts.Spawner.Adopt(s.Orphan(), p.adoptedSpec(&s.Status))
	if err != nil {
		p.closeLogs()
		if s.Socket != nil {
			s.Socket.Close()
		}
		if gone, ok := errors.AsType[*spawn.GoneError](err); ok {
			return machine.ExitMissed, gone.Exit
		}
		p.opts.Log.Error(fmt.Sprintf("adopt %s: %v", p.Config.Name, err))
		return machine.ExitMissed, spawn.Exit{Code: -1}
	}
	p.child, p.exits, p.tree = child, child.Exited(), processTreeOf(child)
	p.adoptSocket(s)
	if p.opts.EventListener != nil {
		p.opts.EventListener.SetStdin(child.Write)
	}
	return machine.ChildAdopted, spawn.Exit{}
}

// outputError returns why the output of an adopted child can't be read, "" if it can.
func (p *Process) outputError() string {
	child, ok := p.child.(spawn.OutputChecker)
	if !ok || child.OutputError() == nil {
		return ""
	}
	if p.Config.Command == "" || errors.Is(p.child.Signal(0, false), syscall.EPERM) {
		p.opts.Log.Warn(fmt.Sprintf("the output of '%s' (pid %d) can't be read any more (%v), nor can the process be restarted: "+
			"it waits as soon as its pipe is full", p.FullName(), p.child.Pid(), child.OutputError()))
		return ""
	}
	return child.OutputError().Error()
}

// adoptedSpec returns where the output of an adopted child goes.
func (p *Process) adoptedSpec(saved *machine.Status) *spawn.Spec {
	s := &spawn.Spec{}
	p.setOutputs(s)
	for _, from := range p.opts.Providers {
		if r, ok := from.(AdoptProvider); ok {
			one := Provision{OnOutput: r.ProvideAdopted(saved)}
			one.AddTo(s)
		}
	}
	return s
}

// adoptSocket makes the socket that an adopted FastCGI process listens on the one of its
// siblings.
func (p *Process) adoptSocket(s *Saved) {
	if p.opts.Socket == nil || s.NoSocket != "" {
		return
	}
	file, err := s.Socket, error(nil)
	if file == nil {
		file, err = pidfd.Duplicate(s.PID, 0)
	}
	if err == nil {
		p.socket, err = p.opts.Socket.Adopt(file)
	}
	if err != nil {
		p.opts.Log.Warn(fmt.Sprintf("take over the socket of %s: %v", p.Config.Name, err))
	}
}
