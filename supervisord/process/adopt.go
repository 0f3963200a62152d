package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/pidfd"
)

// SavedState is what an earlier daemon has left of a process.
type SavedState struct {
	Child  spawn.Orphan // with a PID of 0 for none
	Status Status
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
	in := input{kind: stateRestored, saved: &e.Status, unwanted: e.Unwanted, handedOver: e.HandedOver}
	switch {
	case e.Status.LeaderExited:
		in.kind, in.exit = exitMissed, lastExit(&e.Status)
	case e.Exit != nil:
		in.kind, in.exit = exitMissed, *e.Exit
	case e.Child.PID != 0:
		in.kind, in.exit = p.adoptChild(e)
	}
	if in.kind == childAdopted {
		in.outputErr = p.outputError()
	}
	if in.kind == exitMissed {
		p.findTree(&e.Child)
		in.remaining = p.remainingDescendants()
	}
	in.lostDaemon = !e.HandedOver && (in.kind == exitMissed || p.EventListener != nil)
	_ = p.apply(in) // nobody asked, so nobody is refused
}

// adoptChild tells what has become of the child.
func (p *Process) adoptChild(e *SavedState) (kind, spawn.Exit) {
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
			return exitMissed, gone.Exit
		}
		p.Log.Error(fmt.Sprintf("adopt %s: %v", p.Config.Name, err))
		return exitMissed, spawn.Exit{Code: -1}
	}
	p.child, p.exits, p.tree = child, child.Exited(), processTreeOf(child)
	p.adoptSocket(e)
	if p.EventListener != nil {
		p.EventListener.SetStdin(child.Write)
	}
	return childAdopted, spawn.Exit{}
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
func (p *Process) adoptedSpec(saved *Status) *spawn.Spec {
	s := p.outputSpec()
	for _, from := range p.Providers {
		if r, ok := from.(AdoptProvider); ok {
			one := Provision{OnOutput: r.ProvideAdopted(saved)}
			s.Stdout, s.Stderr = one.tee("stdout", s.Stdout), one.tee("stderr", s.Stderr)
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
	e := SavedState{Status: l.Status, Exit: l.ChildState.Exit, HandedOver: true, Streams: l.Streams, Socket: l.Socket}
	e.Status.Child, e.Status.ProcessTree = nil, nil
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

// resumeAdopted goes on with a living child.
func resumeAdopted(m *machine, now time.Time, in input) {
	saved := *in.saved
	if !hasChild(saved.State) { // it was being born when its daemon ended
		saved.State, saved.Started, saved.StartDue, saved.ProbeResults = states.Starting, now, false, ProbeResults{}
	}
	was := saved.Hook
	saved.Hook = NoHook // what became of it nobody knows
	m.restore(saved)
	m.lostDaemon, m.lastPID = in.lostDaemon, saved.PID
	m.Outdated = len(m.conf.Outdated(m.Digest)) > 0
	if !in.handedOver {
		m.forgetProbeResults()
		m.logf(logs.LevelInfo, "adopted: '%s' with pid %d", m.conf.Name, m.PID)
	}
	switch {
	case in.unwanted && m.State != states.Unknown: // which nobody can signal
		m.StartPending, m.StartPendingBy = m.conf.Autostart, byNewDaemon
		in.by = byNewDaemon
		terminate(m, now, in)
	case in.outputErr != "" && (m.State == states.Starting || m.State == states.Running):
		// It would block at a full pipe, for ever and without a word.
		m.logf(logs.LevelWarn, "restarting '%s' (pid %d): it can't stay adopted, since its output can't be read any more (%s)",
			m.conf.Name, m.PID, in.outputErr)
		in.by = byNewDaemon + ", which can't read its output (" + in.outputErr + ")"
		m.StartPending, m.StartPendingBy = true, in.by
		terminate(m, now, in)
	case m.State == states.Starting:
		m.StartPending = false
		m.resumeStart(now, in)
	case m.State == states.Running && was == PostStart:
		m.runHook(PostStart)
	case m.State == states.Stopping && was == PreStop:
		if !m.runHook(PreStop) {
			m.sendStopSignal()
		}
	case m.State == states.Stopping: // it has been told to
		m.emit(setTimer{max(m.Deadline.Sub(now), 0)})
	}
}

func hasChild(s states.Process) bool {
	switch s {
	case states.Starting, states.Running, states.Stopping, states.Unknown:
		return true
	case states.Stopped, states.Backoff, states.Exited, states.Fatal:
	}
	return false
}

// handleMissedExit takes note of an end that nobody has seen. Even with a status of 0 it
// is unexpected if its cause may have been that nobody was there any more.
func handleMissedExit(m *machine, now time.Time, in input) {
	saved := *in.saved
	if !hasChild(saved.State) {
		saved.State = states.Starting
	}
	saved.Hook = NoHook // it ended with its daemon
	m.restore(saved)
	m.lostDaemon, m.lastPID = in.lostDaemon, saved.PID
	switch m.State {
	case states.Starting:
		handleEarlyExit(m, now, in)
	case states.Stopping:
		if len(in.remaining) > 0 { // they have what is left of the time
			m.emit(setTimer{max(m.Deadline.Sub(now), 0)})
		}
		handleStopExit(m, now, in)
	case states.Running, states.Unknown:
		handleExit(m, now, in)
	case states.Stopped, states.Backoff, states.Exited, states.Fatal: // it had a child
	}
}

// restoreWithoutChild goes on where there was no child: what was due is due.
func restoreWithoutChild(m *machine, now time.Time, in input) {
	saved, was := *in.saved, in.saved.Hook
	saved.PID, saved.Hook = 0, NoHook
	stops := saved.State == states.Stopping && was != NoHook // all but a hook is over
	if hasChild(saved.State) && !stops {                     // it was about to be born
		saved.State, saved.StartDue, saved.Deadline = states.Backoff, true, now
		saved.Reason = "its daemon was gone before it was started"
	}
	m.restore(saved)
	m.lastExit = lastExit(&saved)
	switch {
	case stops && was == PreStart:
		m.enterStopped(now)
	case stops || was == PostStop:
		if !m.runHook(PostStop) && stops {
			m.enterStopped(now)
		}
	}
	switch {
	case m.StartDue:
		m.emit(setTimer{max(m.Deadline.Sub(now), 0)})
	case saved.State == states.Stopped: // in the middle of a replacement
		m.startIfPending(now)
	}
}

// lastExit is how the last child has ended, as far as a status tells.
func lastExit(s *Status) spawn.Exit {
	isStatus := s.ExitStatus >= 0 && s.ExitStatus == s.ShellStatus // a start that failed has told Ending only
	if !isStatus && s.ShellStatus > 128 {
		return spawn.Exit{Code: -1, Signal: syscall.Signal(s.ShellStatus - 128)}
	}
	return spawn.Exit{Code: s.ShellStatus}
}

// restore makes the machine what it was.
func (m *machine) restore(saved Status) {
	m.Status = saved
	m.emit(restoreState{m.State})
}
