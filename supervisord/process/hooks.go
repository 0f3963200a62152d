package process

import (
	"os"
	"sync"
	"time"

	"supervisor/supervisord/process/hook"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
)

// hookRunner holds the commands that run beside the child: the hook that the machine
// asked for, and those of reloads.
type hookRunner struct {
	current  *runningHook      // the machine's, nil for none
	finished chan *runningHook // those that have ended
	waits    sync.WaitGroup
	quit     chan struct{} // closed when Run ends
}

// runningHook is one of them.
type runningHook struct {
	*hook.Command
	then func(*runningHook) // called by Run when it has ended
}

// stop ends all of them and waits for them.
func (r *hookRunner) stop() {
	close(r.quit)
	r.waits.Wait()
}

// cancel ends the machine's hook, if one is running. It still counts as finished.
func (r *hookRunner) cancel() {
	if r.current != nil {
		r.current.Cancel()
	}
}

// wait delivers a hook to finished when it has ended. If Run ends before that it calls
// aborted instead, from its own goroutine; nil for nothing.
func (r *hookRunner) wait(h *runningHook, aborted func()) {
	r.waits.Go(func() {
		h.Wait(r.quit)
		select {
		case r.finished <- h:
		case <-r.quit:
			if aborted != nil {
				aborted()
			}
		}
	})
}

// hookOptions say which command runs, and what happens when it has ended.
type hookOptions struct {
	name, command string
	variables     []string // NAME=value, override all others
	timeout       time.Duration
	then          func(*runningHook) // called by Run
	aborted       func()             // called instead if Run ends before, from anywhere; nil for nothing
}

// startHook starts a command. If that fails, the Text of failure says why.
func (p *Process) startHook(o hookOptions) (h *runningHook, failure machine.Input) {
	spec, err := p.program.HookSpec(o.command, o.variables...)
	if err != nil {
		return nil, spawnFailure(err, "%s: %s", o.name, err)
	}
	devNull, err := os.Open(os.DevNull)
	if err != nil {
		return nil, spawnFailure(err, "%s: %s", o.name, err)
	}
	defer devNull.Close()
	spec.Stdin = devNull
	if err := p.openLogs(); err != nil {
		return nil, spawnFailure(err, "%s: %s", o.name, p.dispatcherFailure(err).Text)
	}
	command, err := hook.Start(p.opts.Spawner, hook.Options{Name: o.name, Spec: spec, Log: p.stderrLog(), Timeout: o.timeout})
	if err != nil {
		p.closeLogs()
		return nil, spawnFailure(err, "%s: %s", o.name, p.forkFailure(err).Text)
	}
	h = &runningHook{command, o.then}
	p.hooks.wait(h, o.aborted)
	return h, machine.Input{}
}

// handleHookExit handles the end of a command.
func (p *Process) handleHookExit(h *runningHook) {
	p.closeLogs()
	h.then(h)
}

// runHook starts a hook in place of the one that is running. If it can't be started,
// the input for the machine says so.
func (p *Process) runHook(h machine.RunHook) (in machine.Input, failed bool) {
	p.hooks.cancel()
	conf := p.CurrentConfig().Hooks
	var exit *spawn.Exit
	if h.Hook == machine.PostStop {
		exit = &h.Exit
	}
	started, failure := p.startHook(hookOptions{
		name: h.Hook.String(), command: h.Hook.Command(&conf), timeout: conf.Timeout,
		variables: hook.Variables(h.Hook.String(), h.PID, exit),
		then: func(ended *runningHook) {
			if p.hooks.current != ended {
				return // another hook has taken its place
			}
			p.hooks.current = nil
			p.handle(machine.Input{Kind: machine.HookFinished, Hook: h.Hook, Text: ended.Failure()})
		},
	})
	if failure.Text != "" {
		return machine.Input{Kind: machine.HookFinished, Hook: h.Hook, Text: failure.Text, FDShortage: failure.FDShortage}, true
	}
	p.hooks.current = started
	return machine.Input{}, false
}

// HookSpec returns a spec for a command that runs beside the child, as its hooks
// do: as the same user, in the same directory, with the same variables. Where its
// output goes is left to the caller. It may be called from anywhere, and reads files
// (env_file, the users).
func (p *Process) HookSpec(command string) (*spawn.Spec, error) {
	return p.program.HookSpec(command, hook.Variables("probe", 0, nil)...)
}
