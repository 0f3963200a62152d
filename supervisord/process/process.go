package process

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
)

// Spawner gives birth to children.
type Spawner interface {
	Spawn(*spawn.Spec) (spawn.Child, error)
	// Adopt takes over a child that another daemon has left. Of the Spec only
	// the outputs and Born count. It fails with spawn.ErrGone.
	Adopt(*spawn.Orphan, *spawn.Spec) (spawn.Child, error)
}

// SharedSocket is a socket that several processes have in common.
type SharedSocket interface {
	// Acquire returns the listening socket, which the first caller creates. It
	// stays open until Release has been called as often as Acquire succeeded.
	Acquire() (*os.File, error)
	// Inherit is Acquire with a socket that a child of an earlier daemon listens
	// on. It takes the file over.
	Adopt(*os.File) (*os.File, error)
	// Release takes one Acquire or Inherit back.
	Release()
}

// EventListener converses with the children of a process, as the pool of an event
// listener does. The process calls it from the goroutine that owns it, so its
// methods must neither block nor call the process.
type EventListener interface {
	// Expect is called before each birth. The stdout of that child goes to what
	// it returns, besides to the log, from a goroutine of the child's own.
	NewSession() (onOutput func(data []byte))
	// Meet gives the way to the stdin of the child just born: spawn.Child.Write.
	SetStdin(write func(data []byte) error)
	// Change is called for each change of state. It calls publish, which tells
	// all others, once: some things are to be done before that, some after.
	StateChanged(to states.Process, publish func())
}

// Provider adds to each birth what is no configuration: variables, descriptors,
// an ear. The process calls it from the goroutine that owns it.
type Provider interface {
	// Provide is called before each birth. It must not block. Its error is why
	// the birth fails.
	Provide() (Provision, error)
}

// AdoptProvider is a Provider that wants to know of a child that was not born here.
type AdoptProvider interface {
	// Rejoin is called before a child of an earlier daemon is adopted, and does
	// what Provide would have done. What it returns gets what the child writes
	// from now on, nil for nobody. It must not block.
	ProvideAdopted(saved *machine.Status) (onOutput func(channel string, data []byte))
}

// Provision is what a Provider adds to one birth.
type Provision struct {
	Env   []string     // NAME=value, over the daemon's, under environment= of the program
	Files []spawn.File // further descriptors of the child
	// ListenPID asks for LISTEN_PID, see spawn.Spec.
	ListenPID bool
	// WatchdogPID asks for WATCHDOG_PID.
	WatchdogPID bool
	// Hear gets what the child writes to "stdout" or "stderr", besides the log,
	// from a goroutine of each; nil for nobody. With redirect_stderr all is stdout.
	OnOutput func(channel string, data []byte)
	// Release is called when the child has been born, or has not: what was only
	// there to be passed on can be closed. nil for nothing.
	Release func()
}

// Options is what a process needs beside its configuration.
type Options struct {
	Config *config.Process
	// Stdout and Stderr are the log files, with automatic names resolved, "" for none.
	Stdout, Stderr string
	StripANSI      bool
	// ServerURL is SUPERVISOR_SERVER_URL unless the program names its own, "" for none.
	ServerURL string
	// Environ is the daemon's environment, NAME=value.
	Environ []string
	// Socket becomes the stdin of a FastCGI program, nil for all others.
	Socket  SharedSocket
	Spawner Spawner
	Events  *events.Bus
	Log     *slog.Logger
	// Partner gets what the child says on stdout, nil for nobody. There are no
	// events and no syslog of it then.
	EventListener EventListener
	// Providers add to each birth, in order.
	Providers []Provider
	// Exhausted is called when restart_limit has been reached and the process has
	// been given up, with the cause in words and an exit status that is not 0; nil
	// for nobody. It must not block.
	RestartLimitReached func(p *Process, cause string, code int)
	// Dice returns a random number from 0 to 1 for restart_jitter; nil for
	// math/rand's.
	Random func() float64
	// Changed is called after each change of the status, nil for nobody. It
	// must not block.
	Changed func(*Process)
}

// Process is one supervised process. Its methods may be called from anywhere.
type Process struct {
	Options
	stdout, stderr *logs.Stream
	pid            atomic.Int64 // for the log events, which don't pass by Run

	requests      chan *request
	done          chan struct{} // closed when Run has ended
	status        atomic.Pointer[Status]
	currentConfig atomic.Pointer[config.Process]

	machine    *machine.Machine // this and all below belong to Run
	child      spawn.Child
	signaledAt time.Time         // when the child got its stop signal ahead, see Forewarn; zero if it did not
	socket     *os.File          // while it is acquired
	exits      <-chan spawn.Exit // nil while there is no child
	tree       spawn.ProcessTree // of the child, also when that has ended; nil if nobody wants to know
	treeEmpty  <-chan struct{}   // closed when the kin have ended, nil if nobody waits for that
	timer      *time.Timer       // of the machine's state
	stopReport *time.Timer       // of the words about a stop that takes long
	waiting    []*request

	logUsers        int                 // how many need the logs open: the child, errands
	hook            *helperProcess      // the machine's, nil for none
	finishedHelpers chan *helperProcess // those that are over
	helpers         sync.WaitGroup
	quit            chan struct{} // closed when Run ends
}

// New returns a process at rest. It does nothing before Run.
func New(o Options) *Process {
	p := &Process{
		Options:         o,
		requests:        make(chan *request),
		done:            make(chan struct{}),
		finishedHelpers: make(chan *helperProcess),
		quit:            make(chan struct{}),
		machine:         machine.New(o.Config),
	}
	p.currentConfig.Store(o.Config)
	if p.Random == nil {
		p.Random = rand.Float64
	}
	stdout := o.Config.Stdout
	if o.EventListener != nil {
		stdout.Events, stdout.CaptureMaxBytes, stdout.Syslog = false, 0, false
	}
	p.stdout = p.stream("stdout", o.Stdout, stdout)
	p.stderr = p.stream("stderr", o.Stderr, o.Config.Stderr)
	p.publish()
	return p
}

// Status returns the state as last published. It never blocks.
func (p *Process) Status() *Status { return p.status.Load() }

// CurrentConfig returns the configuration that the process goes by. It differs from
// Config, which it was made of, in what config.Process.Diff calls Live, and never
// blocks.
func (p *Process) CurrentConfig() *config.Process { return p.currentConfig.Load() }

// IsOver tells whether Run has ended.
func (p *Process) IsOver() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// ErrRemoved is the cause for which a context of Run is cancelled when the process
// has been taken out of use, be it that another has taken its place. Who waits for
// something of it is answered then. Without it the daemon ends or is replaced, and
// who waits has another to ask.
var ErrRemoved = errors.New("the process has been removed")

// Wait blocks until Run has ended.
func (p *Process) Wait() { <-p.done }

// Run is the life of the process. It returns when ctx ends; a child that is
// alive then is left alone.
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
		case e := <-p.finishedHelpers:
			p.handleHelperExit(e)
		case <-p.treeEmpty:
			p.treeEmpty = nil
			_ = p.apply(machine.Input{Kind: machine.DescendantsExited, Remaining: p.remainingDescendants()})
		case <-p.timer.C:
			if !p.postponeIfLate() {
				_ = p.apply(machine.Input{Kind: machine.TimerFired}) // nobody asked, so nobody is refused
			}
		case <-p.stopReport.C:
			p.logStopWait()
		case <-ctx.Done():
			return
		}
	}
}

// cleanUp ends what is beside the child, of which nothing is to outlast Run.
func (p *Process) cleanUp(ctx context.Context) {
	close(p.quit)
	p.helpers.Wait()
	if context.Cause(ctx) == ErrRemoved {
		p.answerRemoved()
	}
	if p.child == nil && p.logUsers > 0 {
		p.logUsers = 1
		p.closeLogs()
	}
}

// What has slept for longer than it meant to has been stopped, or its machine
// has. Whatever ended meanwhile gets a moment to be heard of.
const (
	timerTolerance = 500 * time.Millisecond
	exitGrace      = 100 * time.Millisecond
)

// postponeIfLate puts off what the timer is for if it went off much too late: what
// has obeyed long ago must not be killed for that it was not heard of.
func (p *Process) postponeIfLate() bool {
	late := time.Since(p.machine.Deadline) > timerTolerance
	if late {
		p.setTimer(exitGrace)
	}
	return late
}

func (p *Process) setTimer(after time.Duration) {
	p.machine.Deadline = time.Now().Add(after)
	p.timer.Reset(after)
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// childExits brings the child's end, which is held back between Forewarn and the stop.
func (p *Process) childExits() <-chan spawn.Exit {
	if p.isSignaledEarly() {
		return nil
	}
	return p.exits
}

// signalEarly leaves all that can go wrong to the stop itself, and so it does with a
// stop that begins with more than a signal.
func (p *Process) signalEarly() {
	m, conf := p.machine, p.CurrentConfig()
	if s := m.State; s != states.Starting && s != states.Running || p.child == nil || !m.StopsWithOneSignal() {
		return
	}
	if p.deliverSignal(machine.SendSignal{Signal: conf.StopSignal, To: m.StopTarget(conf.StopAsGroup)}) == nil {
		p.signaledAt = time.Now()
		p.publish()
	}
}

func (p *Process) isSignaledEarly() bool { return !p.signaledAt.IsZero() }

// handleChildExit takes note of the child's end. Its logs are closed first, because the
// machine may want a successor at once.
func (p *Process) handleChildExit(e spawn.Exit) {
	if p.machine.State == states.Starting && e.Code == 0 {
		e.Heir = p.child.DaemonisedPID() // of no interest otherwise
	}
	p.child, p.exits = nil, nil
	p.closeLogs()
	_ = p.apply(machine.Input{Kind: machine.ChildExited, Exit: e, Remaining: p.remainingDescendants()})
}

// apply lets the machine take a step, carries out what it asks for, and lets
// it know what came of that, until it asks for nothing more. It returns the
// refusal, if there was one.
func (p *Process) apply(in machine.Input) error {
	var refusal error
	for more := true; more; {
		more = false
		var next machine.Input
		in.Random = p.Random()
		for _, e := range p.machine.Step(time.Now(), in) {
			switch e := e.(type) {
			case machine.Refuse:
				refusal = refusalError(e, in.Text)
			case machine.SpawnChild:
				p.publish() // a birth under way shows
				next, more = p.spawnChild(), true
			case machine.RunHook:
				next, more = p.runHook(e)
			case machine.SendSignal:
				if failure := p.signal(e); failure != "" {
					next, more = machine.Input{Kind: machine.SignalFailed, Text: failure}, true
				}
			default:
				p.runEffect(e)
			}
		}
		in = next
	}
	if p.child == nil {
		p.releaseSocket() // before anybody learns that the child has ended
		if p.machine.State != states.Stopping {
			p.releaseTree()
		}
	}
	p.publish()
	p.answerWaiting()
	return refusal
}

// refusalError words a refusal in terms of the name that the caller used.
func refusalError(r machine.Refuse, name string) error {
	if r.Code == faults.ShutdownState {
		return faults.Bare(r.Code)
	}
	return faults.New(r.Code, name+r.Why)
}

// runEffect carries out an effect that nothing comes of.
func (p *Process) runEffect(e machine.Effect) {
	switch e := e.(type) {
	case machine.SetTimer:
		p.setTimer(e.After)
	case machine.StopTimer:
		p.stopTimer()
	case machine.CancelHook:
		p.cancelHook()
	case machine.RestoreState:
		if p.EventListener != nil {
			p.EventListener.StateChanged(e.To, func() {})
		}
	case machine.PublishChange:
		p.stopTimer()
		c := events.Change(e)
		publish := func() { p.Events.Publish(c.Type(), c.Payload) }
		if p.EventListener == nil {
			publish()
			return
		}
		p.EventListener.StateChanged(c.To, publish)
	case machine.WatchDescendants:
		p.treeEmpty = p.tree.Watch(e.All)
	case machine.ReportRestartLimit:
		if p.RestartLimitReached != nil {
			p.RestartLimitReached(p, e.Reason, e.Code)
		}
	case machine.LogLine:
		p.Log.Log(context.Background(), e.Level, e.Text)
	}
}

func (p *Process) stopTimer() {
	p.machine.Deadline = time.Time{}
	p.timer.Stop()
}

// signal returns what the kernel had against it. That the child has just gone
// is no failure: its exit is on the way.
func (p *Process) signal(e machine.SendSignal) (failure string) {
	asked := p.machine.State == states.Stopping
	if asked && p.isSignaledEarly() {
		since := p.signaledAt
		p.signaledAt = time.Time{}
		if e.Signal == p.CurrentConfig().StopSignal { // it has got this one, and had some time already
			p.setTimer(max(time.Until(p.machine.Deadline)-time.Since(since), exitGrace))
			return ""
		}
	}
	err := p.deliverSignal(e)
	switch {
	case err == nil:
		return ""
	case err == syscall.ESRCH:
		p.Log.Debug(unableToSignal(p.Config.Name, p.machine.PID, asked))
		return ""
	case p.child == nil: // whose exit would end UNKNOWN
		p.Log.Warn(signalProblem(p.Config.Name, p.machine.PID, asked, err))
		return ""
	}
	return signalProblem(p.Config.Name, p.machine.PID, asked, err)
}

// deliverSignal sends a signal to whom it is for, as far as they are there.
func (p *Process) deliverSignal(e machine.SendSignal) error {
	switch {
	case e.To >= machine.ToScope && p.tree != nil:
		return p.tree.Signal(e.Signal, e.To == machine.ToAll)
	case p.child == nil:
		return syscall.ESRCH
	}
	return p.child.Signal(e.Signal, e.To != machine.ToLeader)
}

// publish shows the status to readers.
func (p *Process) publish() {
	s := Status{Status: p.machine.Status, Child: p.child, ProcessTree: p.tree, SignaledEarly: p.isSignaledEarly()}
	if old := p.status.Load(); old != nil && *old == s {
		return
	}
	p.pid.Store(int64(s.PID))
	p.status.Store(&s)
	if p.Changed != nil {
		p.Changed(p)
	}
}

// FullName is the name by which the process is addressed: its own where its
// group has the same, else group:name.
func (p *Process) FullName() string { return namespec.Join(p.Config.Group, p.Config.Name) }
