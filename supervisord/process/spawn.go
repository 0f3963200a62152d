package process

import (
	"errors"
	"fmt"
	"syscall"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/process/launch"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/errno"
)

// spawnChild tries to spawn a child. The input says what came of it.
func (p *Process) spawnChild() machine.Input {
	if err := p.acquireSocket(); err != nil {
		return spawnFailure(err, "%s", err)
	}
	file, argv, err := p.Command()
	if err != nil {
		return spawnFailure(err, "%s", err.(*faults.Error).Detail)
	}
	provisions, err := p.provide()
	defer launch.ReleaseAll(provisions)
	if err != nil {
		return spawnFailure(err, "%s", err)
	}
	env, err := p.program.Env(provisions)
	if err != nil {
		return spawnFailure(err, "%s", err)
	}
	if err := p.openLogs(); err != nil {
		return p.dispatcherFailure(err)
	}
	p.releaseTree()
	child, err := p.opts.Spawner.Spawn(p.spec(file, argv, env, provisions))
	if err != nil {
		p.closeLogs()
		return p.forkFailure(err)
	}
	p.child, p.exits, p.tree = child, child.Exited(), processTreeOf(child)
	if p.opts.EventListener != nil {
		p.opts.EventListener.SetStdin(child.Write)
	}
	p.beginRun(child.Pid())
	return machine.Input{Kind: machine.ChildSpawned, PID: child.Pid()}
}

// acquireSocket releases the socket of the last child first: if no other process of
// the program uses it, the next child gets a new one, as with Supervisor.
func (p *Process) acquireSocket() (err error) {
	p.releaseSocket()
	if p.opts.Socket != nil {
		p.socket, err = p.opts.Socket.Acquire()
	}
	return err
}

func (p *Process) releaseSocket() {
	if p.socket != nil {
		p.opts.Socket.Release()
		p.socket = nil
	}
}

// provide asks all providers. What it returns must be released, even with an error.
func (p *Process) provide() (all []Provision, err error) {
	for _, from := range p.opts.Providers {
		one, err := from.Provide()
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}

// spec is what the next child is spawned with.
func (p *Process) spec(file string, argv, env []string, provisions []Provision) *spawn.Spec {
	s := p.program.Spec(file, argv, env)
	s.Stdin = p.socket
	p.setOutputs(s)
	for _, one := range provisions {
		one.AddTo(s)
	}
	return s
}

// spawnFailure is the input for a spawn that failed because of err.
func spawnFailure(err error, format string, args ...any) machine.Input {
	return machine.Input{Kind: machine.SpawnFailed, Text: fmt.Sprintf(format, args...), FDShortage: spawn.IsShortage(err)}
}

// forkFailure is the input for an error of the spawner, in Supervisor's words.
func (p *Process) forkFailure(err error) machine.Input {
	var pipes *spawn.PipeError
	switch {
	case errors.As(err, &pipes), errors.Is(err, syscall.EMFILE): // a fork needs a pipe too
		return p.dispatcherFailure(err)
	case errors.Is(err, syscall.EAGAIN):
		return spawnFailure(err, "Too many processes in process table to spawn '%s'", p.Config.Name)
	}
	return spawnFailure(err, "unknown error during fork for '%s': %s", p.Config.Name, errno.Name(err))
}

// dispatcherFailure is the input for pipes or logs that can't be opened, in
// Supervisor's words.
func (p *Process) dispatcherFailure(err error) machine.Input {
	if errors.Is(err, syscall.EMFILE) {
		return spawnFailure(err, "too many open files to spawn '%s'", p.Config.Name)
	}
	return spawnFailure(err, "unknown error making dispatchers for '%s': %s", p.Config.Name, errno.Name(err))
}
