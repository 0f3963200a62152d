package spawn

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/pidfd"
	"supervisor/supervisord/system/procfs"
)

// CanAdopt says whether this system lets a daemon adopt the children of another one.
const CanAdopt = true

// Adopt takes over a child whose daemon has exited. Its output goes to the sinks of spec,
// beginning with what has been waiting in its pipes. Of the other fields of spec, Adopt uses
// OnSpawn and those for finding descendants. The error is a *GoneError if the orphan has
// exited.
//
// Only its parent can wait for a process. So the exit of an adopted child is seen, and
// signals are sent, through a pidfd, which never means another process. Where the kernel has
// no pidfds, the start time is checked before each signal and polled for the exit, which is
// noticed up to a second late. That also happens when descriptors run short, now or later: a
// pidfd is one descriptor more than another child takes.
func (s *Spawner) Adopt(o *Orphan, spec *Spec) (Child, error) {
	t := s.staging.Load()
	t.Recover(o.Stdout, spec.Stdout)
	t.Recover(o.Stderr, spec.stderr())
	if o.IsOurs {
		return s.adoptOwn(o, spec), nil
	}
	c := &child{spawner: s, pid: o.PID, exits: make(chan Exit, 1), identity: o.ProcessIdentity}
	c.tree = s.findTree(c, spec, o)
	h, err := openOrphan(o)
	if err != nil {
		if o.FDs != nil {
			c.takePipes(o, spec)
			c.startReading()
			c.handleExit(Exit{}) // it may have left output in its pipes
		}
		return nil, err
	}
	s.registerPidfd(h)
	c.send = h.Signal
	if o.FDs != nil {
		c.takePipes(o, spec)
	} else {
		c.reconnect(o, spec)
	}
	s.mu.Lock()
	s.children[c.pid] = c
	s.mu.Unlock()
	if spec.OnSpawn != nil {
		spec.OnSpawn(c)
	}
	for _, r := range c.outputs {
		r.OnEnd(h.Hint) // the last process that had the pipe has exited or closed it
	}
	c.startReading()
	go c.watch(h)
	return c, nil
}

// watch waits until the adopted child has exited, and reports its exit.
func (c *child) watch(h *pidfd.Handle) {
	defer func() {
		if h.File() != nil {
			c.spawner.closePidfd(h.File())
		}
	}()
	h.AwaitExit()
	e := Exit{Code: -1}
	if ws, ok := h.ExitStatus(); ok {
		e = exitOf(ws)
	}
	c.spawner.mu.Lock()
	reaped := c.reaped
	if !reaped {
		c.reaped = true
		delete(c.spawner.children, c.pid)
	}
	c.spawner.mu.Unlock()
	if !reaped {
		c.handleExit(e)
	}
}

// registerPidfd notes a pidfd, so that it can be closed when descriptors run short. If they
// do already, it closes all pidfds. It logs any other reason why there is no pidfd.
func (s *Spawner) registerPidfd(h *pidfd.Handle) {
	switch {
	case IsShortage(h.Err()):
		s.closePidfds()
	case h.File() == nil:
		s.warnNoPidfd(h.Err())
	default:
		s.addPidfd(h.File())
		if h.Descriptor() >= firstReserved() {
			s.closePidfds()
		}
	}
}

// openOrphan returns a handle of the orphan. The error is a *GoneError if it has
// exited.
func openOrphan(o *Orphan) (*pidfd.Handle, error) {
	h, err := pidfd.OpenHandle(o.PID, o.StartTime)
	if errors.Is(err, syscall.ESRCH) {
		return nil, o.goneError()
	}
	return h, err
}

// Kill kills the orphan and its process group. It is no error if the orphan has exited; a
// process that has got its pid is not signalled.
func (o *Orphan) Kill() error {
	h, err := openOrphan(o)
	if _, gone := errors.AsType[*GoneError](err); gone {
		return nil
	}
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Signal(syscall.SIGKILL, true); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// goneError says how an orphan exited, if it is still a zombie.
func (o *Orphan) goneError() error {
	if ws, ok := procfs.ExitStatus(o.PID, o.StartTime); ok {
		return &GoneError{exitOf(ws)}
	}
	return &GoneError{Exit{Code: -1}}
}
