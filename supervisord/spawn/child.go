package spawn

import (
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/spawn/descendants"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/system/pipes"
)

// drainTimeout is how long the output of a dead child is waited for when its writer
// blocks. The pumps go on afterwards; only the news of the exit does not wait.
const drainTimeout = time.Second

// PipeError is a failure to make the pipes of a child.
type PipeError struct{ Err error }

// Error tells what was tried.
func (e *PipeError) Error() string { return fmt.Sprintf("make pipes: %v", e.Err) }

// Unwrap returns the cause.
func (e *PipeError) Unwrap() error { return e.Err }

type child struct {
	spawner   *Spawner
	pid       int
	markers   []string
	stdin     *stdin // nil when the Spec brought its own
	outputs   []*output.Reader
	childEnds [3]int // the child's ends, -1 for none, closed after the fork
	exits     chan Exit
	identity  ProcessIdentity // guarded by spawner.mu; zero until somebody asks
	// send signals an adopted child, nil for one of our own.
	send      func(sig syscall.Signal, group bool) error
	reaped    bool              // guarded by spawner.mu
	aliveTick uint64            // the same: a time at which it had not been reaped, in ticks since boot, 0 for none
	tree      *descendants.Tree // nil unless somebody wants to know
	outputErr error             // see Muted
}

// newChild makes the pipes. If descriptors run short, those go first that can be
// done without.
func newChild(s *Spawner, spec *Spec) (*child, error) {
	c, err := tryChild(s, spec)
	if IsShortage(err) && s.closePidfds() {
		c, err = tryChild(s, spec)
	}
	return c, err
}

func tryChild(s *Spawner, spec *Spec) (*child, error) {
	c := &child{spawner: s, markers: spec.Markers, childEnds: [3]int{-1, -1, -1}, exits: make(chan Exit, 1)}
	c.tree = s.tracker.New(c, treeOptions(spec))
	err := c.makePipes(spec)
	if err == nil && !spec.IsShortLived && c.takesReserve() {
		err = syscall.EMFILE
	}
	if err != nil {
		c.closeChildEnds()
		c.discard()
		return nil, &PipeError{err}
	}
	return c, nil
}

func (c *child) makePipes(spec *Spec) error {
	if err := c.setStdin(spec); err != nil {
		return err
	}
	if err := c.makeOutput(1, spec.Stdout); err != nil {
		return err
	}
	if spec.Stderr == nil {
		c.childEnds[2] = c.childEnds[1]
		return nil
	}
	return c.makeOutput(2, spec.Stderr)
}

// makeOutput makes the pipe for the child's output descriptor of.
func (c *child) makeOutput(of int, w output.Sink) error {
	var fds [2]int
	if err := pipes.Make(fds[:], unix.O_NONBLOCK); err != nil {
		return err
	}
	c.childEnds[of] = fds[1]
	if err := c.addReader(fds[0], of, w); err != nil {
		return err
	}
	if both := pipes.OpenReadWrite(fds[1]); both >= 0 {
		unix.Close(fds[1])
		c.childEnds[of] = both
		return nil
	}
	return unix.SetNonblock(fds[1], false)
}

// addReader adds a reader of the pipe fd. If that fails it closes fd.
func (c *child) addReader(fd, of int, w output.Sink) error {
	poller, err := c.spawner.poller()
	if err != nil {
		unix.Close(fd)
		return err
	}
	c.outputs = append(c.outputs, output.NewReader(poller, fd, of, w, c.spawner.staging.Load()))
	return nil
}

func (c *child) setStdin(spec *Spec) (err error) {
	if spec.Stdin == nil {
		return c.makeStdin()
	}
	c.childEnds[0], err = unix.FcntlInt(spec.Stdin.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	return err
}

// adoptOwn goes on with a child of this process. It is waited for like any other.
func (s *Spawner) adoptOwn(o *Orphan, spec *Spec) Child {
	c := &child{spawner: s, markers: spec.Markers, pid: o.PID, exits: make(chan Exit, 1), identity: o.ProcessIdentity}
	c.tree = s.findTree(c, spec, o)
	c.takePipes(o, spec)
	s.mu.Lock()
	s.addChild(c)
	s.mu.Unlock()
	if spec.OnSpawn != nil {
		spec.OnSpawn(c)
	}
	c.startReading()
	return c
}

// takePipes takes the pipes that have been handed over.
func (c *child) takePipes(o *Orphan, spec *Spec) {
	if fd := o.FDs[0]; fd >= 0 {
		c.stdin = &stdin{fd: fd}
		_ = c.stdin.write(o.Unsent) // if nobody reads it any more, so be it
	}
	c.addOutput(1, o.FDs[1], spec.Stdout)
	c.addOutput(2, o.FDs[2], spec.stderr())
}

// addOutput pumps what comes out of the descriptor fd, which the child has as
// of, to w. A negative fd is none.
func (c *child) addOutput(of, fd int, w output.Sink) {
	if fd < 0 {
		return
	}
	_ = c.addReader(fd, of, w)
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

// startReading starts reading what the child says.
func (c *child) startReading() {
	for _, p := range c.outputs {
		p.Start()
	}
}

// handleExit collects the last words of a dead child, closes its pipes and tells of
// its end.
func (c *child) handleExit(e Exit) {
	if c.tryHandleExit(e) {
		return
	}
	var done []<-chan struct{}
	for _, p := range c.outputs {
		done = append(done, p.Drain())
	}
	timeout := time.NewTimer(drainTimeout)
	defer timeout.Stop()
	for _, d := range done {
		select {
		case <-d:
		case <-timeout.C:
			c.exits <- e
			return
		}
	}
	c.exits <- e
}

// tryHandleExit buries a child that has no last words. It blocks for nothing, and
// tells whether it has done that.
func (c *child) tryHandleExit(e Exit) bool {
	if c.stdin != nil {
		c.stdin.close()
	}
	done := true
	for _, p := range c.outputs {
		done = p.EndIfEmpty() && done
	}
	if done {
		c.exits <- e // it has room for one
	}
	return done
}

func (c *child) closeChildEnds() {
	for i, fd := range c.childEnds {
		if fd < 0 || i == 2 && fd == c.childEnds[1] {
			continue // both outputs go down one pipe
		}
		unix.Close(fd)
	}
}

// discard closes the daemon's ends of a child that was never born.
func (c *child) discard() {
	if c.stdin != nil {
		c.stdin.close()
	}
	for _, p := range c.outputs {
		p.Close()
	}
	if c.tree != nil {
		c.tree.Release()
	}
}
