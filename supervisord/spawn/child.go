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

// drainTimeout is how long the report of an exit waits for a slow sink to take the child's
// output. The readers go on afterwards.
const drainTimeout = time.Second

// PipeError is a failure to make the pipes of a child.
type PipeError struct{ Err error }

// Error says what failed and why.
func (e *PipeError) Error() string { return fmt.Sprintf("make pipes: %v", e.Err) }

// Unwrap returns the cause.
func (e *PipeError) Unwrap() error { return e.Err }

type child struct {
	spawner   *Spawner
	pid       int
	markers   []string
	stdin     *stdin // nil if the Spec brought its own
	outputs   []*output.Reader
	childEnds [3]int            // the child's ends of the pipes, -1 for none; closed after the fork
	tree      *descendants.Tree // nil for ScopeNone
	outputErr error             // see OutputChecker
	// send signals an adopted child, nil for a child of this process.
	send func(sig syscall.Signal, group bool) error
	// exits gets the exit and has room for it.
	exits chan Exit

	// The following are guarded by spawner.mu.
	identity  ProcessIdentity // zero until Identity is called
	reaped    bool
	usage     Usage  // once reaped
	aliveTick uint64 // see LastAliveTick
}

// newChild makes the pipes. If descriptors run short it closes the pidfds of adopted
// children and tries again.
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

func (c *child) setStdin(spec *Spec) (err error) {
	if spec.Stdin == nil {
		return c.makeStdin()
	}
	c.childEnds[0], err = unix.FcntlInt(spec.Stdin.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	return err
}

// makeOutput makes the pipe for the child's descriptor childFD. The daemon's end does not
// block.
func (c *child) makeOutput(childFD int, sink output.Sink) error {
	var fds [2]int
	if err := pipes.Make(fds[:], unix.O_NONBLOCK); err != nil {
		return err
	}
	c.childEnds[childFD] = fds[1]
	if err := c.addReader(fds[0], childFD, sink); err != nil {
		return err
	}
	if readWriteFD := pipes.OpenReadWrite(fds[1]); readWriteFD >= 0 {
		unix.Close(fds[1])
		c.childEnds[childFD] = readWriteFD
		return nil
	}
	return unix.SetNonblock(fds[1], false)
}

// addReader adds a reader of the pipe fd, the other end of which is the child's descriptor
// childFD. If that fails it closes fd.
func (c *child) addReader(fd, childFD int, sink output.Sink) error {
	poller, err := c.spawner.poller()
	if err != nil {
		unix.Close(fd)
		return err
	}
	c.outputs = append(c.outputs, output.NewReader(poller, fd, childFD, sink, c.spawner.staging.Load()))
	return nil
}

// adoptOwn adopts a child of this process. It is waited for like any other child.
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

// takePipes takes over the open pipes of an orphan.
func (c *child) takePipes(o *Orphan, spec *Spec) {
	if fd := o.FDs[0]; fd >= 0 {
		c.stdin = &stdin{fd: fd}
		_ = c.stdin.write(o.Unsent) // it fails if the child has closed its stdin
	}
	c.takeOutput(o.FDs[1], 1, spec.Stdout)
	c.takeOutput(o.FDs[2], 2, spec.stderr())
}

// takeOutput adds a reader of the pipe fd, if that is not negative.
func (c *child) takeOutput(fd, childFD int, sink output.Sink) {
	if fd >= 0 {
		_ = c.addReader(fd, childFD, sink) // without a poller no child is spawned either
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

// startReading starts the readers.
func (c *child) startReading() {
	for _, r := range c.outputs {
		r.Start()
	}
}

// handleExit passes on the output that a reaped child has left, closes its pipes and
// reports its exit.
func (c *child) handleExit(e Exit) {
	if c.tryHandleExit(e) {
		return
	}
	var done []<-chan struct{}
	for _, r := range c.outputs {
		done = append(done, r.Drain())
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

// tryHandleExit is handleExit for a child whose pipes are empty. It never blocks, and
// reports whether it has reported the exit.
func (c *child) tryHandleExit(e Exit) bool {
	if c.stdin != nil {
		c.stdin.close()
	}
	done := true
	for _, r := range c.outputs {
		done = r.EndIfEmpty() && done
	}
	if done {
		c.exits <- e
	}
	return done
}

func (c *child) closeChildEnds() {
	for i, fd := range c.childEnds {
		if fd < 0 || i == 2 && fd == c.childEnds[1] {
			continue // both outputs share one pipe
		}
		unix.Close(fd)
	}
}

// discard closes the daemon's ends of the pipes of a child that was not forked.
func (c *child) discard() {
	if c.stdin != nil {
		c.stdin.close()
	}
	for _, r := range c.outputs {
		r.Close()
	}
	if c.tree != nil {
		c.tree.Release()
	}
}
