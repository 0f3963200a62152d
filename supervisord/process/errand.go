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
	"supervisor/supervisord/spawn"
)

// errand is a command that is run for the process beside its child, with the same
// user, directory and variables: a hook, or what a refresh needs. Its stdin is
// empty, and what it says goes to the process's log of stderr.
type errand struct {
	what  string // what texts call it
	child spawn.Child
	said  *hearsay
	limit time.Duration // config.Forever for none
	cut   chan struct{} // closed to end it early
	then  func(*errand) // called by Run when it is over
	once  sync.Once     // closes cut
	// How it came out, once it is over:
	failure string // "" for success
	status  int    // with which it ended by itself, 0 if it did not
}

// errandOf is what is to be run, for whom.
type errandOf struct {
	what, command string
	variables     []string // NAME=value, over all others
	limit         time.Duration
	then          func(*errand) // called by Run when it is over
	lost          func()        // called instead when Run ends before that, from anywhere; nil for nobody
}

// sendOut begins an errand. It returns an input with the words why it can't, with
// none if it can: then the errand's own function tells of its end.
func (p *Process) sendOut(o errandOf) (e *errand, failure input) {
	spec, err := p.errandSpec(o)
	if err != nil {
		return nil, stillbirth(err, "%s: %s", o.what, err)
	}
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return nil, stillbirth(err, "%s: %s", o.what, err)
	}
	defer nothing.Close()
	if err := p.openLogs(); err != nil {
		return nil, stillbirth(err, "%s: %s", o.what, p.noDispatchers(err).text)
	}
	e = &errand{what: o.what, said: &hearsay{log: p.complaints()}, limit: o.limit, cut: make(chan struct{}), then: o.then}
	spec.Stdin, spec.Stdout = nothing, e.said
	if e.child, err = p.Spawner.Spawn(spec); err != nil {
		p.closeLogs()
		return nil, stillbirth(err, "%s: %s", o.what, p.noChild(err).text)
	}
	p.errands.Go(func() {
		e.await(p.leaving)
		select {
		case p.returned <- e:
		case <-p.leaving:
			if o.lost != nil {
				o.lost()
			}
		}
	})
	return e, input{}
}

// errandSpec says how the child of an errand is born.
func (p *Process) errandSpec(o errandOf) (*spawn.Spec, error) {
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
	s := &spawn.Spec{Path: file, Args: argv, Env: env, Dir: p.Config.Directory, Umask: p.Config.Umask, IsBrief: true}
	if p.Config.UID != nil {
		s.Become = spawn.Identity(*p.Config.UID)
	}
	return s, nil
}

// Errand says how a command is run for the process, as its hooks are: by the same
// user, in the same directory, with the same variables. Where its output goes is
// left to the caller. The error tells why it can't be run. It may be called from
// anywhere, and reads files (env_file, the users).
func (p *Process) Errand(command string) (*spawn.Spec, error) {
	return p.errandSpec(errandOf{command: command, variables: []string{ErrandVar + "=probe"}})
}

// complaints is the log of stderr, wherever that goes.
func (p *Process) complaints() *logs.Stream {
	if p.Config.RedirectStderr {
		return p.stdout
	}
	return p.stderr
}

// comeBack takes note of the end of an errand.
func (p *Process) comeBack(e *errand) {
	p.closeLogs()
	e.then(e)
}

// stop ends the errand early. It may be called several times.
func (e *errand) stop() { e.once.Do(func() { close(e.cut) }) }

// await waits for the end of the errand and finds words for it. One that is cut
// short or takes too long gets SIGTERM and, a breath later, SIGKILL, with its whole
// process group; who is deaf even to that is left behind. When the daemon leaves
// there is no time for manners.
func (e *errand) await(leaving <-chan struct{}) {
	var late <-chan time.Time
	if e.limit != config.Forever {
		timer := time.NewTimer(e.limit)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case exit := <-e.child.Exited():
		e.failure, e.status = e.words(exit), exit.Code
		return
	case <-late:
		e.failure = fmt.Sprintf("%s timed out after %s", e.what, e.limit)
	case <-e.cut:
		e.failure = e.what + " was cut short"
	case <-leaving:
		_ = e.child.Signal(syscall.SIGKILL, true) // or it has just ended
		return
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = e.child.Signal(sig, true)
		patience := time.NewTimer(breath)
		select {
		case <-e.child.Exited():
			patience.Stop()
			return
		case <-patience.C:
		case <-leaving:
			_ = e.child.Signal(syscall.SIGKILL, true)
			return
		}
	}
}

// words tells how it ended, "" for well.
func (e *errand) words(exit spawn.Exit) string {
	switch {
	case exit.Code == 0:
		return ""
	case exit.Code > 0:
		return fmt.Sprintf("%s exited with status %d", e.what, exit.Code)
	}
	return fmt.Sprintf("%s was %s", e.what, exit)
}

// hearsay is output that goes to a log and of which the end is kept.
type hearsay struct {
	log *logs.Stream
	mu  sync.Mutex
	end []byte // guarded by mu
}

// Write implements spawn.Output.
func (h *hearsay) Write(data []byte) {
	const most = 1 << 10
	h.log.Write(data)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end = append(h.end, data...)
	if n := len(h.end); n > most {
		h.end = append(h.end[:0], h.end[n-most:]...)
	}
}

// lastWords returns the last lines that say anything, two at most: often the last
// one only says that there was one before. It is "" for none.
func (h *hearsay) lastWords() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(h.end)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(len(lines)-2, 0):], "; ")
}

// The variables by which an errand knows what it is for.
const (
	// ErrandVar tells a command that is run beside a child from the child itself.
	ErrandVar     = "SUPERVISOR_HOOK"
	pidVar        = "SUPERVISOR_PID"
	exitStatusVar = "SUPERVISOR_EXIT_STATUS"
	exitSignalVar = "SUPERVISOR_EXIT_SIGNAL"
)

// ForgetErrand removes these variables from the environment of this process. A
// daemon that a hook has started has them, and its children would be taken for
// hooks when they are found after a crash.
func ForgetErrand() {
	if _, is := os.LookupEnv(ErrandVar); !is {
		return
	}
	for _, name := range []string{ErrandVar, pidVar, exitStatusVar, exitSignalVar} {
		_ = os.Unsetenv(name) // it is a good name, so it can go
	}
}

// runHook begins a hook in the place of the one that is under way. It returns
// what the machine is to be told at once, if anything.
func (p *Process) runHook(h hook) (in input, over bool) {
	p.cutHook()
	conf := p.machine.conf
	o := errandOf{
		what: h.of.String(), command: h.of.command(&conf.Hooks), limit: conf.Hooks.Timeout,
		variables: []string{ErrandVar + "=" + h.of.String()},
		then: func(e *errand) {
			if p.hook != e {
				return // another one has taken its place
			}
			p.hook = nil
			_ = p.apply(input{kind: hooked, hook: h.of, text: e.failure}) // nobody asked
		},
	}
	if h.pid != 0 {
		o.variables = append(o.variables, pidVar+"="+strconv.Itoa(h.pid))
	}
	if h.of == PostStop {
		o.variables = append(o.variables, exitStatusVar+"="+strconv.Itoa(h.exit.Code))
		if h.exit.Signal != 0 {
			o.variables = append(o.variables, exitSignalVar+"="+signals.Name(h.exit.Signal))
		}
	}
	e, failure := p.sendOut(o)
	if failure.text != "" {
		return input{kind: hooked, hook: h.of, text: failure.text, short: failure.short}, true
	}
	p.hook = e
	return input{}, false
}

// cutHook ends the hook that is under way, if there is one. Its end is still told.
func (p *Process) cutHook() {
	if p.hook != nil {
		p.hook.stop()
	}
}
