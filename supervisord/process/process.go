package process

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process/launch"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
)

// Process is one supervised process. Its methods may be called from anywhere.
type Process struct {
	Config  *config.Process // with which the process was made, see CurrentConfig
	opts    Options
	program launch.Program
	outputs

	requests      chan *request
	done          chan struct{} // closed when Run has ended
	status        atomic.Pointer[Status]
	currentConfig atomic.Pointer[config.Process]

	// The rest belongs to the goroutine of Run.
	machine *machine.Machine
	childState
	timer      *time.Timer // of the machine's state
	stopReport *time.Timer // of the log line about a stop that takes long
	waiting    []*request  // those whose condition does not hold yet
	hooks      hookRunner
	runs       runRecorder
}

// childState is the child and what is held for it.
type childState struct {
	child      spawn.Child
	exits      <-chan spawn.Exit // nil while there is no child
	tree       spawn.ProcessTree // also of a child that has exited; nil if nothing asks for it
	treeEmpty  <-chan struct{}   // closed when the descendants have exited, nil if nothing waits for that
	socket     *os.File          // while it is acquired, see Options.Socket
	signaledAt time.Time         // when the child got its stop signal early, zero if it did not
}

// New returns a process that has not been started. It does nothing before Run.
func New(o Options) *Process {
	p := &Process{
		Config:   o.Config,
		opts:     o,
		program:  launch.Program{Config: o.Config, Environ: o.Environ, ServerURL: o.ServerURL},
		requests: make(chan *request),
		done:     make(chan struct{}),
		machine:  machine.New(o.Config),
		hooks:    hookRunner{finished: make(chan *runningHook), quit: make(chan struct{})},
	}
	p.currentConfig.Store(o.Config)
	if p.opts.Random == nil {
		p.opts.Random = rand.Float64
	}
	p.makeStreams()
	p.publish()
	return p
}

// Status returns the status as last published. It never blocks.
func (p *Process) Status() *Status { return p.status.Load() }

// CurrentConfig returns the configuration that is in force. It differs from Config,
// with which the process was made, in the options that config.Process.Diff calls
// Live. It never blocks.
func (p *Process) CurrentConfig() *config.Process { return p.currentConfig.Load() }

// FullName is the name by which the process is addressed: its own where its
// group has the same, else group:name.
func (p *Process) FullName() string { return namespec.Join(p.Config.Group, p.Config.Name) }

// SharedSocket returns the listening socket that the process shares, nil for none.
func (p *Process) SharedSocket() SharedSocket { return p.opts.Socket }

// Command finds the file and the words that the command stands for, as of now. The
// error is a *faults.Error, NO_FILE or NOT_EXECUTABLE.
func (p *Process) Command() (file string, argv []string, err error) {
	if p.opts.EventListener != nil {
		return p.program.ResolveListener()
	}
	return p.program.Resolve(p.Config.Command)
}

// Environment returns the environment that a child spawned now would get, apart
// from what providers add. It reads the files of env_file, and fails where a spawn
// would fail because of them. It may be called from anywhere.
func (p *Process) Environment() ([]launch.Variable, error) { return p.program.Variables() }

// IsOver reports whether Run has ended.
func (p *Process) IsOver() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// ErrRemoved is the cause with which the context of Run is cancelled when the
// process is taken out of use, or replaced by another. Callers that wait for it are
// answered then. With any other cause the daemon ends, or another one takes over
// and answers them.
var ErrRemoved = errors.New("the process has been removed")

// Wait blocks until Run has ended.
func (p *Process) Wait() { <-p.done }

// Run owns the process until ctx ends. A child that is alive then is left alone.
func (p *Process) Run(ctx context.Context) {
	defer close(p.done)
	defer p.cleanUp(ctx)
	p.timer, p.stopReport = stoppedTimer(), stoppedTimer()
	defer p.timer.Stop()
	defer p.stopReport.Stop()
	for {
		select {
		case r := <-p.requests:
			p.handleRequest(r)
		case e := <-p.childExits():
			p.handleChildExit(e)
		case h := <-p.hooks.finished:
			p.handleHookExit(h)
		case <-p.treeEmpty:
			p.treeEmpty = nil
			p.handle(machine.Input{Kind: machine.DescendantsExited, Remaining: p.remainingDescendants()})
		case <-p.timer.C:
			if !p.postponeIfLate() {
				p.handle(machine.Input{Kind: machine.TimerFired})
			}
		case <-p.stopReport.C:
			p.logStopWait()
		case <-ctx.Done():
			return
		}
	}
}

// cleanUp ends the hooks, which must not outlive Run.
func (p *Process) cleanUp(ctx context.Context) {
	p.hooks.stop()
	if context.Cause(ctx) == ErrRemoved {
		p.answerRemoved()
	}
	if p.child == nil && p.logUsers > 0 {
		p.logUsers = 1
		p.closeLogs()
	}
}

// childExits delivers the exit of the child. It is held back between SignalEarly and
// the stop.
func (p *Process) childExits() <-chan spawn.Exit {
	if p.isSignaledEarly() {
		return nil
	}
	return p.exits
}

// handleChildExit handles the exit of the child. Its logs are closed first, because
// the machine may spawn the next child at once.
func (p *Process) handleChildExit(e spawn.Exit) {
	if p.machine.State == states.Starting && e.Code == 0 {
		e.DaemonisedPID = p.child.DaemonisedPID() // only a start is judged by it
	}
	p.flushLogs()
	p.endRun(&p.machine.Status, e)
	p.child, p.exits = nil, nil
	p.closeLogs()
	p.handle(machine.Input{Kind: machine.ChildExited, Exit: e, Remaining: p.remainingDescendants()})
}

// publish shows the status to readers.
func (p *Process) publish() {
	s := Status{Status: p.machine.Status, Child: p.child, ProcessTree: p.tree, SignaledEarly: p.isSignaledEarly()}
	if old := p.status.Load(); old != nil && *old == s {
		return
	}
	p.pid.Store(int64(s.PID))
	p.status.Store(&s)
	if p.opts.Changed != nil {
		p.opts.Changed(p)
	}
}
