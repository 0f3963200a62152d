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
	"supervisor/supervisord/system/bound"
)

// Estate is what an earlier daemon has left of a process.
type Estate struct {
	Child spawn.Orphan // with a PID of 0 for none
	Past  Status
	// Exit tells that the child has ended and how, nil if that is not known.
	Exit *spawn.Exit
	// Handed tells that the daemon has handed over the process: nothing has
	// happened in between. Held is what its streams had not passed on.
	Handed bool
	Held   [2]logs.Held
	Socket *os.File // that the child listens on, nil to ask the child
	// NoSocket tells why the socket can't be had that the child listens on, "" if
	// it can or there is none. Whoever needs it must stop the child first.
	NoSocket string
	// Unwanted has the child stopped. The process then starts as configured.
	Unwanted bool
}

// Adopt has the process go on where an earlier daemon has left it. If its child
// has ended meanwhile the process is told of its end. It is called once, before
// anything else is asked for.
func (p *Process) Adopt(e *Estate) {
	p.request(&request{act: func() error { p.adopt(e); return nil }})
}

func (p *Process) adopt(e *Estate) {
	in := input{kind: recalled, past: &e.Past, unwanted: e.Unwanted, handed: e.Handed}
	switch {
	case e.Past.Leaderless:
		in.kind, in.exit = missed, lastExit(&e.Past)
	case e.Exit != nil:
		in.kind, in.exit = missed, *e.Exit
	case e.Child.PID != 0:
		in.kind, in.exit = p.adoptChild(e)
	}
	if in.kind == adopted {
		in.muted = p.muted()
	}
	if in.kind == missed {
		p.recallKin(&e.Child)
		in.left = p.relatives()
	}
	in.bereft = !e.Handed && (in.kind == missed || p.Partner != nil)
	_ = p.apply(in) // nobody asked, so nobody is refused
}

// adoptChild tells what has become of the child.
func (p *Process) adoptChild(e *Estate) (kind, spawn.Exit) {
	if err := p.openLogs(); err != nil {
		p.Log.Error(fmt.Sprintf("open the logs of %s: %v", p.Config.Name, err))
	}
	p.stdout.GoOn(e.Held[0])
	p.stderr.GoOn(e.Held[1])
	child, err := p.Spawner.Adopt(&e.Child, p.rejoined(&e.Past))
	if err != nil {
		p.closeLogs()
		if e.Socket != nil {
			e.Socket.Close()
		}
		if gone, ok := errors.AsType[*spawn.GoneError](err); ok {
			return missed, gone.Exit
		}
		p.Log.Error(fmt.Sprintf("adopt %s: %v", p.Config.Name, err))
		return missed, spawn.Exit{Code: -1}
	}
	p.child, p.exits, p.kin = child, child.Exited(), kinOf(child)
	p.inheritSocket(e)
	if p.Partner != nil {
		p.Partner.Meet(child.Write)
	}
	return adopted, spawn.Exit{}
}

// muted tells why the output of an adopted child can't be read, "" if it can.
func (p *Process) muted() string {
	child, ok := p.child.(spawn.Muted)
	if !ok || child.Muted() == nil {
		return ""
	}
	if p.Config.Command == "" || errors.Is(p.child.Signal(0, false), syscall.EPERM) {
		p.Log.Warn(fmt.Sprintf("the output of '%s' (pid %d) can't be read any more (%v), nor can the process be restarted: "+
			"it waits as soon as its pipe is full", p.FullName(), p.child.Pid(), child.Muted()))
		return ""
	}
	return child.Muted().Error()
}

// rejoined says where the output of a child of an earlier daemon goes.
func (p *Process) rejoined(past *Status) *spawn.Spec {
	s := p.outlets()
	for _, from := range p.Providers {
		if r, ok := from.(Rejoiner); ok {
			one := Provision{Hear: r.Rejoin(past)}
			s.Stdout, s.Stderr = one.overhear("stdout", s.Stdout), one.overhear("stderr", s.Stderr)
		}
	}
	return s
}

// Legacy is what another needs to go on with a process after Run has ended.
type Legacy struct {
	Status
	Bequest spawn.Bequest // of the child, if there is one
	Held    [2]logs.Held
	Socket  *os.File // that the child listens on, nil for none
}

// Legacy ends the part of this process in its child and returns what another
// needs to go on.
func (p *Process) Legacy() (l Legacy, err error) {
	l.Status, l.Socket = *p.Status(), p.socket
	if p.child == nil {
		return l, nil
	}
	l.Bequest, err = p.child.Bequeath()
	for i, s := range []*logs.Stream{p.stdout, p.stderr} {
		l.Held[i] = s.Held()
		s.Close()
	}
	return l, err
}

// Estate is the same for another process of this daemon.
func (l *Legacy) Estate() Estate {
	e := Estate{Past: l.Status, Exit: l.Bequest.Exit, Handed: true, Held: l.Held, Socket: l.Socket}
	e.Past.Child, e.Past.Kin = nil, nil
	if child := l.Status.Child; child != nil {
		e.Child = spawn.Orphan{
			PID: child.Pid(), Traces: child.Traces(), FDs: &l.Bequest.FDs, Unsent: l.Bequest.Unsent, IsOurs: !l.Bequest.Adopted,
		}
	}
	return e
}

// inheritSocket has the siblings of an adopted FastCGI process go on with the
// socket that it listens on.
func (p *Process) inheritSocket(e *Estate) {
	if p.Socket == nil || e.NoSocket != "" {
		return
	}
	file, err := e.Socket, error(nil)
	if file == nil {
		file, err = spawn.Borrow(e.Child.PID, 0)
	}
	if err == nil {
		p.socket, err = p.Socket.Inherit(file)
	}
	if err != nil {
		p.Log.Warn(fmt.Sprintf("take over the socket of %s: %v", p.Config.Name, err))
	}
}

// Inherit is Acquire for a process that has the socket already. It takes file
// over.
func (s *Socket) Inherit(file *os.File) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users > 0 {
		file.Close()
	} else {
		s.file = file
		if s.conf.Family == "unix" {
			s.bound, _ = bound.Find(s.conf.Path) // it stays behind if there is no such file
		}
	}
	s.users++
	return s.file, nil
}

// takeOver goes on with a living child.
func takeOver(m *machine, now time.Time, in input) {
	past := *in.past
	if !hasChild(past.State) { // it was being born when its daemon ended
		past.State, past.Started, past.Due, past.Vitals = states.Starting, now, false, Vitals{}
	}
	was := past.Hook
	past.Hook = NoHook // what became of it nobody knows
	m.restore(past)
	m.bereft, m.lastPID = in.bereft, past.PID
	m.Outdated = len(m.conf.Outdated(m.Digest)) > 0
	if !in.handed {
		m.doubt()
		m.say(logs.LevelInfo, "adopted: '%s' with pid %d", m.conf.Name, m.PID)
	}
	switch {
	case in.unwanted && m.State != states.Unknown: // which nobody can signal
		m.Again, m.AgainBy = m.conf.Autostart, newDaemon
		in.by = newDaemon
		terminate(m, now, in)
	case in.muted != "" && (m.State == states.Starting || m.State == states.Running):
		// It would block at a full pipe, for ever and without a word.
		m.say(logs.LevelWarn, "restarting '%s' (pid %d): it can't stay adopted, since its output can't be read any more (%s)",
			m.conf.Name, m.PID, in.muted)
		in.by = newDaemon + ", which can't read its output (" + in.muted + ")"
		m.Again, m.AgainBy = true, in.by
		terminate(m, now, in)
	case m.State == states.Starting:
		m.Again = false
		m.resume(now, in)
	case m.State == states.Running && was == PostStart:
		m.run(PostStart)
	case m.State == states.Stopping && was == PreStop:
		if !m.run(PreStop) {
			m.ask()
		}
	case m.State == states.Stopping: // it has been told to
		m.do(arm{max(m.Deadline.Sub(now), 0)})
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

// mourn takes note of an end that nobody has seen. Even with a status of 0 it
// is unexpected if its cause may have been that nobody was there any more.
func mourn(m *machine, now time.Time, in input) {
	past := *in.past
	if !hasChild(past.State) {
		past.State = states.Starting
	}
	past.Hook = NoHook // it ended with its daemon
	m.restore(past)
	m.bereft, m.lastPID = in.bereft, past.PID
	switch m.State {
	case states.Starting:
		diedYoung(m, now, in)
	case states.Stopping:
		if len(in.left) > 0 { // they have what is left of the time
			m.do(arm{max(m.Deadline.Sub(now), 0)})
		}
		obeyed(m, now, in)
	case states.Running, states.Unknown:
		died(m, now, in)
	case states.Stopped, states.Backoff, states.Exited, states.Fatal: // it had a child
	}
}

// recall goes on where there was no child: what was due is due.
func recall(m *machine, now time.Time, in input) {
	past, was := *in.past, in.past.Hook
	past.PID, past.Hook = 0, NoHook
	stops := past.State == states.Stopping && was != NoHook // all but a hook is over
	if hasChild(past.State) && !stops {                     // it was about to be born
		past.State, past.Due, past.Deadline = states.Backoff, true, now
		past.Reason = "its daemon was gone before it was started"
	}
	m.restore(past)
	m.last = lastExit(&past)
	switch {
	case stops && was == PreStart:
		m.stopped(now)
	case stops || was == PostStop:
		if !m.run(PostStop) && stops {
			m.stopped(now)
		}
	}
	switch {
	case m.Due:
		m.do(arm{max(m.Deadline.Sub(now), 0)})
	case past.State == states.Stopped: // in the middle of a replacement
		m.keepPromise(now)
	}
}

// lastExit is how the last child has ended, as far as a status tells.
func lastExit(s *Status) spawn.Exit {
	isStatus := s.ExitStatus >= 0 && s.ExitStatus == s.Ending // a start that failed has told Ending only
	if !isStatus && s.Ending > 128 {
		return spawn.Exit{Code: -1, Signal: syscall.Signal(s.Ending - 128)}
	}
	return spawn.Exit{Code: s.Ending}
}

// restore makes the machine what it was.
func (m *machine) restore(past Status) {
	m.Status = past
	m.do(restore{m.State})
}
