package spawn

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// burial is how long the output of a dead child is waited for when its writer
// blocks. The pumps go on afterwards; only the news of the exit does not wait.
const burial = time.Second

// PipeError is a failure to make the pipes of a child.
type PipeError struct{ Err error }

// Error tells what was tried.
func (e *PipeError) Error() string { return fmt.Sprintf("make pipes: %v", e.Err) }

// Unwrap returns the cause.
func (e *PipeError) Unwrap() error { return e.Err }

type child struct {
	spawner *Spawner
	pid     int
	family  []string
	stdin   *stdin // nil when the Spec brought its own
	pumps   []*pump
	theirs  [3]int // the child's ends, -1 for none, closed after the fork
	exits   chan Exit
	traces  Traces // guarded by spawner.mu; zero until somebody asks
	// send signals an adopted child, nil for one of our own.
	send   func(sig syscall.Signal, group bool) error
	reaped bool   // guarded by spawner.mu
	died   uint64 // the same: a time at which it had not been reaped, in ticks since boot, 0 for none
	kin    *kin   // nil unless somebody wants to know
	muted  error  // see Muted
}

// newChild makes the pipes. If descriptors run short, those go first that can be
// done without.
func newChild(s *Spawner, spec *Spec) (*child, error) {
	c, err := tryChild(s, spec)
	if IsShortage(err) && s.giveUpPidfds() {
		c, err = tryChild(s, spec)
	}
	return c, err
}

func tryChild(s *Spawner, spec *Spec) (*child, error) {
	c := &child{spawner: s, family: spec.Family, theirs: [3]int{-1, -1, -1}, exits: make(chan Exit, 1)}
	c.kin = s.newKin(c, spec, nil)
	err := c.plumb(spec)
	if err == nil && !spec.IsBrief && c.takesReserve() {
		err = syscall.EMFILE
	}
	if err != nil {
		c.closeTheirs()
		c.abandon()
		return nil, &PipeError{err}
	}
	return c, nil
}

func (c *child) plumb(spec *Spec) error {
	if err := c.plumbStdin(spec); err != nil {
		return err
	}
	if err := c.outlet(1, spec.Stdout); err != nil {
		return err
	}
	if spec.Stderr == nil {
		c.theirs[2] = c.theirs[1]
		return nil
	}
	return c.outlet(2, spec.Stderr)
}

func (c *child) plumbStdin(spec *Spec) (err error) {
	if spec.Stdin == nil {
		return c.inlet()
	}
	c.theirs[0], err = unix.FcntlInt(spec.Stdin.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	return err
}

// keep goes on with a child of this process. It is waited for like any other.
func (s *Spawner) keep(o *Orphan, spec *Spec) Child {
	c := &child{spawner: s, family: spec.Family, pid: o.PID, exits: make(chan Exit, 1), traces: o.Traces}
	c.kin = s.newKin(c, spec, o)
	c.inherit(o, spec)
	s.mu.Lock()
	s.enter(c)
	s.mu.Unlock()
	if spec.Born != nil {
		spec.Born(c)
	}
	c.listen()
	return c
}

// inherit takes the pipes that have been handed over.
func (c *child) inherit(o *Orphan, spec *Spec) {
	if fd := o.FDs[0]; fd >= 0 {
		c.stdin = &stdin{fd: fd}
		_ = c.stdin.write(o.Unsent) // if nobody reads it any more, so be it
	}
	c.overhear(1, o.FDs[1], spec.Stdout)
	c.overhear(2, o.FDs[2], spec.stderr())
}

// overhear pumps what comes out of the descriptor fd, which the child has as
// of, to w. A negative fd is none.
func (c *child) overhear(of, fd int, w Output) {
	if fd < 0 {
		return
	}
	if p, err := c.spawner.newPump(fd, of, w); err == nil {
		c.pumps = append(c.pumps, p)
	}
}

// Pid implements Child.
func (c *child) Pid() int { return c.pid }

// Exited implements Child.
func (c *child) Exited() <-chan Exit { return c.exits }

// Signal implements Child.
func (c *child) Signal(sig syscall.Signal, group bool) error {
	c.spawner.mu.Lock()
	defer c.spawner.mu.Unlock()
	if c.reaped {
		return syscall.ESRCH
	}
	if c.send != nil {
		return c.send(sig, group)
	}
	pid := c.pid
	if group {
		pid = -pid
	}
	return syscall.Kill(pid, sig)
}

// Write implements Child.
func (c *child) Write(data []byte) error {
	if c.stdin == nil {
		return syscall.EPIPE
	}
	return c.stdin.write(data)
}

// listen starts reading what the child says.
func (c *child) listen() {
	for _, p := range c.pumps {
		p.listen()
	}
}

// bury collects the last words of a dead child, closes its pipes and tells of
// its end.
func (c *child) bury(e Exit) {
	if c.buryAtOnce(e) {
		return
	}
	var done []<-chan struct{}
	for _, p := range c.pumps {
		done = append(done, p.finish())
	}
	patience := time.NewTimer(burial)
	defer patience.Stop()
	for _, d := range done {
		select {
		case <-d:
		case <-patience.C:
			c.exits <- e
			return
		}
	}
	c.exits <- e
}

// buryAtOnce buries a child that has no last words. It blocks for nothing, and
// tells whether it has done that.
func (c *child) buryAtOnce(e Exit) bool {
	if c.stdin != nil {
		c.stdin.close()
	}
	over := true
	for _, p := range c.pumps {
		over = p.finishAtOnce() && over
	}
	if over {
		c.exits <- e // it has room for one
	}
	return over
}

func (c *child) closeTheirs() {
	for i, fd := range c.theirs {
		if fd < 0 || i == 2 && fd == c.theirs[1] {
			continue // both outputs go down one pipe
		}
		unix.Close(fd)
	}
}

// abandon closes the daemon's ends of a child that was never born.
func (c *child) abandon() {
	if c.stdin != nil {
		c.stdin.close()
	}
	for _, p := range c.pumps {
		p.abandon()
	}
	if c.kin != nil {
		c.kin.Release()
	}
}
