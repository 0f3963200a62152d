package hook

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
)

// killDelay is the time between SIGTERM and SIGKILL, and what SIGKILL is given.
const killDelay = time.Second

// Spawner spawns commands.
type Spawner interface {
	Spawn(*spawn.Spec) (spawn.Child, error)
}

// Command is a command that runs beside a child.
type Command struct {
	name    string // what texts call it
	timeout time.Duration
	child   spawn.Child
	output  tailBuffer
	cancel  chan struct{} // closed to end it early
	once    sync.Once     // closes cancel

	// How it ended; written by Wait.
	failure string // "" for success
	status  int    // the exit status, -1 if a signal ended it, 0 if we did
}

// Options describe a command.
type Options struct {
	Name    string
	Spec    *spawn.Spec // but for its outputs
	Log     output.Sink
	Timeout time.Duration // option.Forever for none
}

// Start spawns a command. Its output goes to the log. Wait must follow; the error is
// the spawner's.
func Start(s Spawner, o Options) (*Command, error) {
	c := &Command{name: o.Name, timeout: o.Timeout, output: tailBuffer{log: o.Log}, cancel: make(chan struct{})}
	o.Spec.Stdout = &c.output
	var err error
	c.child, err = s.Spawn(o.Spec)
	return c, err
}

// Cancel ends the command early. It does not block, and may be called from anywhere
// and several times.
func (c *Command) Cancel() { c.once.Do(func() { close(c.cancel) }) }

// Wait blocks until the command has ended. One that is cancelled or takes too long
// gets SIGTERM and a second later SIGKILL. When quit closes it gets SIGKILL at once,
// and Wait returns.
func (c *Command) Wait(quit <-chan struct{}) {
	var timeout <-chan time.Time
	if c.timeout != option.Forever {
		timer := time.NewTimer(c.timeout)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case exit := <-c.child.Exited():
		c.failure, c.status = c.describeExit(exit), exit.Code
		return
	case <-timeout:
		c.failure = fmt.Sprintf("%s timed out after %s", c.name, c.timeout)
	case <-c.cancel:
		c.failure = c.name + " was cut short"
	case <-quit:
		_ = c.child.Signal(syscall.SIGKILL, true) // or it has just exited
		return
	}
	c.end(quit)
}

// end ends the command by force.
func (c *Command) end(quit <-chan struct{}) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = c.child.Signal(sig, true)
		timer := time.NewTimer(killDelay)
		select {
		case <-c.child.Exited():
			timer.Stop()
			return
		case <-timer.C:
		case <-quit:
			_ = c.child.Signal(syscall.SIGKILL, true)
			return
		}
	}
}

// describeExit says why an exit is a failure, "" if it is none.
func (c *Command) describeExit(exit spawn.Exit) string {
	switch {
	case exit.Code == 0:
		return ""
	case exit.Code > 0:
		return fmt.Sprintf("%s exited with status %d", c.name, exit.Code)
	}
	return fmt.Sprintf("%s was %s", c.name, exit)
}

// Failure says how the command failed, "" if it succeeded. Wait must have returned.
func (c *Command) Failure() string { return c.failure }

// FailureOutput is Failure for a person who wants to know why: a command that exited
// by itself is described by what it wrote last, if it wrote anything.
func (c *Command) FailureOutput() string {
	if c.failure == "" || c.status == 0 {
		return c.failure
	}
	if last := c.output.lastLines(); last != "" {
		return c.name + ": " + last
	}
	return c.failure
}
