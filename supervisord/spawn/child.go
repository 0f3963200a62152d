package spawn

import (
	"fmt"
	"os"
	"syscall"
	"time"
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
	theirs  []*os.File // the child's ends, closed after the fork
	exits   chan Exit
	traces  Traces // guarded by spawner.mu; zero until somebody asks
	// send signals an adopted child, nil for one of our own.
	send   func(sig syscall.Signal, group bool) error
	reaped bool // guarded by spawner.mu
}

// newChild makes the pipes.
func newChild(s *Spawner, spec *Spec) (*child, error) {
	c := &child{spawner: s, family: spec.Family, exits: make(chan Exit, 1)}
	if err := c.plumb(spec); err != nil {
		c.closeTheirs()
		c.abandon()
		return nil, &PipeError{err}
	}
	return c, nil
}

func (c *child) plumb(spec *Spec) error {
	if spec.Stdin != nil {
		file, err := duplicate(spec.Stdin)
		if err != nil {
			return err
		}
		c.theirs = append(c.theirs, file)
	} else {
		r, w, err := pipe(theirsReads)
		if err != nil {
			return err
		}
		c.theirs = append(c.theirs, r)
		c.stdin = &stdin{file: w}
	}
	if err := c.outlet(spec.Stdout); err != nil {
		return err
	}
	if spec.Stderr == nil {
		c.theirs = append(c.theirs, c.theirs[1])
		return nil
	}
	return c.outlet(spec.Stderr)
}

// keep goes on with a child of this process. It is waited for like any other.
func (s *Spawner) keep(o *Orphan, spec *Spec) Child {
	c := &child{spawner: s, family: spec.Family, pid: o.PID, exits: make(chan Exit, 1), traces: o.Traces}
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
	if o.Files[0] != nil {
		c.stdin = &stdin{file: o.Files[0]}
		_ = c.stdin.write(o.Unsent) // if nobody reads it any more, so be it
	}
	c.overhear(1, o.Files[1], spec.Stdout)
	c.overhear(2, o.Files[2], spec.stderr())
}

// overhear pumps what comes out of f, which the child has as fd, to w.
func (c *child) overhear(fd int, f *os.File, w Output) {
	if f == nil {
		return
	}
	p, err := newPump(f, fd, w, c.spawner.currentTray())
	if err != nil {
		f.Close()
		return
	}
	c.pumps = append(c.pumps, p)
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
		go p.run()
	}
}

// bury collects the last words of a dead child, closes its pipes and tells of
// its end.
func (c *child) bury(e Exit) {
	e.Heir = c.spawner.heir(c, e)
	if c.stdin != nil {
		c.stdin.close()
	}
	for _, p := range c.pumps {
		p.finish()
	}
	patience := time.NewTimer(burial)
	defer patience.Stop()
	for _, p := range c.pumps {
		select {
		case <-p.done:
		case <-patience.C:
			c.exits <- e
			return
		}
	}
	c.exits <- e
}

func (c *child) closeTheirs() {
	for i, f := range c.theirs {
		if i == 2 && f == c.theirs[1] {
			continue // both outputs go down one pipe
		}
		f.Close()
	}
	c.theirs = nil
}

// abandon closes the daemon's ends of a child that was never born.
func (c *child) abandon() {
	if c.stdin != nil {
		c.stdin.close()
	}
	for _, p := range c.pumps {
		p.file.Close()
	}
}
