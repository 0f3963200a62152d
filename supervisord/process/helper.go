package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/accounts"
)

// helperProcess is a command that is run for the process beside its child, with the same
// user, directory and variables: a hook, or what a refresh needs. Its stdin is
// empty, and what it says goes to the process's log of stderr.
type helperProcess struct {
	name   string // what texts call it
	child  spawn.Child
	output *tailBuffer
	limit  time.Duration        // config.Forever for none
	cancel chan struct{}        // closed to end it early
	then   func(*helperProcess) // called by Run when it is over
	once   sync.Once            // closes cut
	// How it came out, once it is over:
	failure string // "" for success
	status  int    // with which it ended by itself, 0 if it did not
}

// killDelay is the time that a helper process has between SIGTERM and SIGKILL.
const killDelay = time.Second

// helperOptions is what is to be run, for whom.
type helperOptions struct {
	name, command string
	variables     []string // NAME=value, over all others
	limit         time.Duration
	then          func(*helperProcess) // called by Run when it is over
	aborted       func()               // called instead when Run ends before that, from anywhere; nil for nobody
}

// startHelper begins an errand. It returns an input with the words why it can't, with
// none if it can: then the errand's own function tells of its end.
func (p *Process) startHelper(o helperOptions) (e *helperProcess, failure machine.Input) {
	spec, err := p.helperSpec(o)
	if err != nil {
		return nil, spawnFailure(err, "%s: %s", o.name, err)
	}
	devNull, err := os.Open(os.DevNull)
	if err != nil {
		return nil, spawnFailure(err, "%s: %s", o.name, err)
	}
	defer devNull.Close()
	if err := p.openLogs(); err != nil {
		return nil, spawnFailure(err, "%s: %s", o.name, p.dispatcherFailure(err).Text)
	}
	e = &helperProcess{name: o.name, output: &tailBuffer{log: p.stderrLog()}, limit: o.limit, cancel: make(chan struct{}), then: o.then}
	spec.Stdin, spec.Stdout = devNull, e.output
	if e.child, err = p.Spawner.Spawn(spec); err != nil {
		p.closeLogs()
		return nil, spawnFailure(err, "%s: %s", o.name, p.forkFailure(err).Text)
	}
	p.helpers.Go(func() {
		e.wait(p.quit)
		select {
		case p.finishedHelpers <- e:
		case <-p.quit:
			if o.aborted != nil {
				o.aborted()
			}
		}
	})
	return e, machine.Input{}
}

// helperSpec says how the child of an errand is born.
func (p *Process) helperSpec(o helperOptions) (*spawn.Spec, error) {
	file, argv, err := resolve(p.Config, o.command, lookup(p.Environ, "PATH"))
	if err != nil {
		return nil, fmt.Errorf("%s", err.(*faults.Error).Detail)
	}
	all, err := p.environment(nil)
	if err != nil {
		return nil, err
	}
	env := environment(all)
	for _, kv := range o.variables {
		env.put(kv)
	}
	s := &spawn.Spec{Path: file, Args: argv, Env: env, Dir: p.Config.Directory, Umask: p.Config.Umask, IsShortLived: true}
	if p.Config.UID != nil {
		s.Become = accounts.CredentialsOf(*p.Config.UID)
	}
	return s, nil
}

// HelperSpec says how a command is run for the process, as its hooks are: by the same
// user, in the same directory, with the same variables. Where its output goes is
// left to the caller. The error tells why it can't be run. It may be called from
// anywhere, and reads files (env_file, the users).
func (p *Process) HelperSpec(command string) (*spawn.Spec, error) {
	return p.helperSpec(helperOptions{command: command, variables: []string{HookVar + "=probe"}})
}

// stderrLog is the log of stderr, wherever that goes.
func (p *Process) stderrLog() *logs.Stream {
	if p.Config.RedirectStderr {
		return p.stdout
	}
	return p.stderr
}

// handleHelperExit takes note of the end of an errand.
func (p *Process) handleHelperExit(e *helperProcess) {
	p.closeLogs()
	e.then(e)
}

// stop ends the errand early. It may be called several times.
func (e *helperProcess) stop() { e.once.Do(func() { close(e.cancel) }) }

// wait waits for the end of the errand and finds words for it. One that is cut
// short or takes too long gets SIGTERM and, a breath later, SIGKILL, with its whole
// process group; who is deaf even to that is left behind. When the daemon leaves
// there is no time for manners.
func (e *helperProcess) wait(quit <-chan struct{}) {
	var late <-chan time.Time
	if e.limit != config.Forever {
		timer := time.NewTimer(e.limit)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case exit := <-e.child.Exited():
		e.failure, e.status = e.describeExit(exit), exit.Code
		return
	case <-late:
		e.failure = fmt.Sprintf("%s timed out after %s", e.name, e.limit)
	case <-e.cancel:
		e.failure = e.name + " was cut short"
	case <-quit:
		_ = e.child.Signal(syscall.SIGKILL, true) // or it has just ended
		return
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = e.child.Signal(sig, true)
		timeout := time.NewTimer(killDelay)
		select {
		case <-e.child.Exited():
			timeout.Stop()
			return
		case <-timeout.C:
		case <-quit:
			_ = e.child.Signal(syscall.SIGKILL, true)
			return
		}
	}
}

// describeExit tells how it ended, "" for well.
func (e *helperProcess) describeExit(exit spawn.Exit) string {
	switch {
	case exit.Code == 0:
		return ""
	case exit.Code > 0:
		return fmt.Sprintf("%s exited with status %d", e.name, exit.Code)
	}
	return fmt.Sprintf("%s was %s", e.name, exit)
}

// tailBuffer is output that goes to a log and of which the end is kept.
type tailBuffer struct {
	log  *logs.Stream
	mu   sync.Mutex
	tail []byte // guarded by mu
}

// Write implements output.Sink.
func (h *tailBuffer) Write(data []byte) {
	const limit = 1 << 10
	h.log.Write(data)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tail = append(h.tail, data...)
	if n := len(h.tail); n > limit {
		h.tail = append(h.tail[:0], h.tail[n-limit:]...)
	}
}

// lastLines returns the last lines that say anything, two at most: often the last
// one only says that there was one before. It is "" for none.
func (h *tailBuffer) lastLines() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(h.tail)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(len(lines)-2, 0):], "; ")
}

// The variables by which an errand knows what it is for.
const (
	// HookVar tells a command that is run beside a child from the child itself.
	HookVar       = "SUPERVISOR_HOOK"
	pidVar        = "SUPERVISOR_PID"
	exitStatusVar = "SUPERVISOR_EXIT_STATUS"
	exitSignalVar = "SUPERVISOR_EXIT_SIGNAL"
)

// UnsetHookVars removes these variables from the environment of this process. A
// daemon that a hook has started has them, and its children would be taken for
// hooks when they are found after a crash.
func UnsetHookVars() {
	if _, is := os.LookupEnv(HookVar); !is {
		return
	}
	for _, name := range []string{HookVar, pidVar, exitStatusVar, exitSignalVar} {
		_ = os.Unsetenv(name) // it is a good name, so it can go
	}
}

// runHook begins a hook in the place of the one that is under way. It returns
// what the machine is to be told at once, if anything.
func (p *Process) runHook(h machine.RunHook) (in machine.Input, done bool) {
	p.cancelHook()
	conf := p.CurrentConfig()
	o := helperOptions{
		name: h.Hook.String(), command: h.Hook.Command(&conf.Hooks), limit: conf.Hooks.Timeout,
		variables: []string{HookVar + "=" + h.Hook.String()},
		then: func(e *helperProcess) {
			if p.hook != e {
				return // another one has taken its place
			}
			p.hook = nil
			_ = p.apply(machine.Input{Kind: machine.HookFinished, Hook: h.Hook, Text: e.failure}) // nobody asked
		},
	}
	if h.PID != 0 {
		o.variables = append(o.variables, pidVar+"="+strconv.Itoa(h.PID))
	}
	if h.Hook == PostStop {
		o.variables = append(o.variables, exitStatusVar+"="+strconv.Itoa(h.Exit.Code))
		if h.Exit.Signal != 0 {
			o.variables = append(o.variables, exitSignalVar+"="+signals.Name(h.Exit.Signal))
		}
	}
	e, failure := p.startHelper(o)
	if failure.Text != "" {
		return machine.Input{Kind: machine.HookFinished, Hook: h.Hook, Text: failure.Text, FDShortage: failure.FDShortage}, true
	}
	p.hook = e
	return machine.Input{}, false
}

// cancelHook ends the hook that is under way, if there is one. Its end is still told.
func (p *Process) cancelHook() {
	if p.hook != nil {
		p.hook.stop()
	}
}
