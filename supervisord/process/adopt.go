package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"supervisor/supervisord/logs"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/pidfd"
)

// SavedState is what an earlier daemon has left of a process.
type SavedState struct {
	Child  spawn.Orphan // with a PID of 0 for none
	Status machine.Status
	// Exit tells that the child has ended and how, nil if that is not known.
	Exit *spawn.Exit
	// Handed tells that the daemon has handed over the process: nothing has
	// happened in between. Held is what its streams had not passed on.
	HandedOver bool
	Streams    [2]logs.StreamState
	Socket     *os.File // that the child listens on, nil to ask the child
	// NoSocket tells why the socket can't be had that the child listens on, "" if
	// it can or there is none. Whoever needs it must stop the child first.
	NoSocket string
	// Unwanted has the child stopped. The process then starts as configured.
	Unwanted bool
}

// Adopt has the process go on where an earlier daemon has left it. If its child
// has ended meanwhile the process is told of its end. It is called once, before
// anything else is asked for.
func (p *Process) Adopt(e *SavedState) {
	p.request(&request{act: func() error { p.adopt(e); return nil }})
}

func (p *Process) adopt(e *SavedState) {
	in := machine.Input{Kind: machine.StateRestored, Adoption: machine.Adoption{Saved: &e.Status, Unwanted: e.Unwanted, HandedOver: e.HandedOver}}
	switch {
	case e.Status.LeaderExited:
		in.Kind, in.Exit = machine.ExitMissed, e.Status.LastExit()
	case e.Exit != nil:
		in.Kind, in.Exit = machine.ExitMissed, *e.Exit
	case e.Child.PID != 0:
		in.Kind, in.Exit = p.adoptChild(e)
	}
	if in.Kind == machine.ChildAdopted {
		in.OutputErr = p.outputError()
	}
	if in.Kind == machine.ExitMissed {
		p.findTree(&e.Child)
		in.Remaining = p.remainingDescendants()
	}
	in.LostDaemon = !e.HandedOver && (in.Kind == machine.ExitMissed || p.EventListener != nil)
	_ = p.apply(in) // nobody asked, so nobody is refused
}

// adoptChild tells what has become of the child.
func (p *Process) adoptChild(e *SavedState) (machine.Kind, spawn.Exit) {
	if err := p.openLogs(); err != nil {
		p.Log.Error(fmt.Sprintf("open the logs of %s: %v", p.Config.Name, err))
	}
	p.stdout.Restore(e.Streams[0])
	p.stderr.Restore(e.Streams[1])
	child, err := p.Spawner.Adopt(&e.Child, p.adoptedSpec(&e.Status))
	if err != nil {
		p.closeLogs()
		if e.Socket != nil {
			e.Socket.Close()
		}
		if gone, ok := errors.AsType[*spawn.GoneError](err); ok {
			return machine.ExitMissed, gone.Exit
		}
		p.Log.Error(fmt.Sprintf("adopt %s: %v", p.Config.Name, err))
		return machine.ExitMissed, spawn.Exit{Code: -1}
	}
	p.child, p.exits, p.tree = child, child.Exited(), processTreeOf(child)
	p.adoptSocket(e)
	if p.EventListener != nil {
		p.EventListener.SetStdin(child.Write)
	}
	return machine.ChildAdopted, spawn.Exit{}
}

// outputError tells why the output of an adopted child can't be read, "" if it can.
func (p *Process) outputError() string {
	child, ok := p.child.(spawn.OutputChecker)
	if !ok || child.OutputError() == nil {
		return ""
	}
	if p.Config.Command == "" || errors.Is(p.child.Signal(0, false), syscall.EPERM) {
		p.Log.Warn(fmt.Sprintf("the output of '%s' (pid %d) can't be read any more (%v), nor can the process be restarted: "+
			"it waits as soon as its pipe is full", p.FullName(), p.child.Pid(), child.OutputError()))
		return ""
	}
	return child.OutputError().Error()
}

// adoptedSpec says where the output of a child of an earlier daemon goes.
func (p *Process) adoptedSpec(saved *machine.Status) *spawn.Spec {
	s := &spawn.Spec{}
	p.setOutputs(s)
	for _, from := range p.Providers {
		if r, ok := from.(AdoptProvider); ok {
			one := Provision{OnOutput: r.ProvideAdopted(saved)}
			one.AddTo(s)
		}
	}
	return s
}

// HandedOver is what another needs to go on with a process after Run has ended.
type HandedOver struct {
	Status
	ChildState spawn.HandedOver // of the child, if there is one
	Streams    [2]logs.StreamState
	Socket     *os.File // that the child listens on, nil for none
}

// HandOver ends the part of this process in its child and returns what another
// needs to go on.
func (p *Process) HandOver() (l HandedOver, err error) {
	l.Status, l.Socket = *p.Status(), p.socket
	if p.child == nil {
		return l, nil
	}
	l.ChildState, err = p.child.HandOver()
	for i, s := range []*logs.Stream{p.stdout, p.stderr} {
		l.Streams[i] = s.Save()
		s.Close()
	}
	return l, err
}

// SavedState is the same for another process of this daemon.
func (l *HandedOver) SavedState() SavedState {
	e := SavedState{Status: l.Status.Status, Exit: l.ChildState.Exit, HandedOver: true, Streams: l.Streams, Socket: l.Socket}
	if child := l.Status.Child; child != nil {
		e.Child = spawn.Orphan{
			PID: child.Pid(), ProcessIdentity: child.Identity(), FDs: &l.ChildState.FDs, Unsent: l.ChildState.Unsent, IsOurs: !l.ChildState.Adopted,
		}
	}
	return e
}

// adoptSocket has the siblings of an adopted FastCGI process go on with the
// socket that it listens on.
func (p *Process) adoptSocket(e *SavedState) {
	if p.Socket == nil || e.NoSocket != "" {
		return
	}
	file, err := e.Socket, error(nil)
	if file == nil {
		file, err = pidfd.Duplicate(e.Child.PID, 0)
	}
	if err == nil {
		p.socket, err = p.Socket.Adopt(file)
	}
	if err != nil {
		p.Log.Warn(fmt.Sprintf("take over the socket of %s: %v", p.Config.Name, err))
	}
}
