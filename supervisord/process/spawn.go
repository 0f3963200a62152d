package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/system/accounts"
	"supervisor/supervisord/system/errno"
)

// spawnChild makes an attempt at a child and returns what came of it.
func (p *Process) spawnChild() machine.Input {
	if err := p.acquireSocket(); err != nil {
		return spawnFailure(err, "%s", err)
	}
	file, argv, err := p.Command()
	if err != nil {
		return spawnFailure(err, "%s", err.(*faults.Error).Detail)
	}
	provisions, err := p.provide()
	defer releaseProvisions(provisions)
	if err != nil {
		return spawnFailure(err, "%s", err)
	}
	env, err := p.environment(provisions)
	if err != nil {
		return spawnFailure(err, "%s", err)
	}
	if err := p.openLogs(); err != nil {
		return p.dispatcherFailure(err)
	}
	p.releaseTree()
	child, err := p.Spawner.Spawn(p.spec(file, argv, env, provisions))
	if err != nil {
		p.closeLogs()
		return p.forkFailure(err)
	}
	p.child, p.exits, p.tree = child, child.Exited(), processTreeOf(child)
	if p.EventListener != nil {
		p.EventListener.SetStdin(child.Write)
	}
	return machine.Input{Kind: machine.ChildSpawned, PID: child.Pid()}
}

// acquireSocket gives back the last child's socket first: if no sibling uses
// it, the next child gets a new one, as with Supervisor.
func (p *Process) acquireSocket() (err error) {
	p.releaseSocket()
	if p.Socket != nil {
		p.socket, err = p.Socket.Acquire()
	}
	return err
}

func (p *Process) releaseSocket() {
	if p.socket != nil {
		p.Socket.Release()
		p.socket = nil
	}
}

// spawnFailure words a failure. Its cause reports whether the program can be blamed.
func spawnFailure(cause error, format string, args ...any) machine.Input {
	return machine.Input{Kind: machine.SpawnFailed, Text: fmt.Sprintf(format, args...), FDShortage: spawn.IsShortage(cause)}
}

// forkFailure finds the words for a failure of the spawner.
func (p *Process) forkFailure(err error) machine.Input {
	var pipes *spawn.PipeError
	switch {
	case errors.As(err, &pipes), errors.Is(err, syscall.EMFILE): // to fork takes a pipe too
		return p.dispatcherFailure(err)
	case errors.Is(err, syscall.EAGAIN):
		return spawnFailure(err, "Too many processes in process table to spawn '%s'", p.Config.Name)
	}
	return spawnFailure(err, "unknown error during fork for '%s': %s", p.Config.Name, errno.Name(err))
}

// dispatcherFailure finds the words for a failure to make the pipes or to open the logs.
func (p *Process) dispatcherFailure(err error) machine.Input {
	if errors.Is(err, syscall.EMFILE) {
		return spawnFailure(err, "too many open files to spawn '%s'", p.Config.Name)
	}
	return spawnFailure(err, "unknown error making dispatchers for '%s': %s", p.Config.Name, errno.Name(err))
}

// Command finds the file and the words that the command stands for, as of
// now. The error is a *faults.Error, NO_FILE or NOT_EXECUTABLE.
func (p *Process) Command() (file string, argv []string, err error) {
	path := lookup(p.Environ, "PATH")
	if p.EventListener != nil {
		return resolveListener(p.Config, path)
	}
	return resolve(p.Config, p.Config.Command, path)
}

// provide asks all providers. What it returns is to be released even if one
// has failed.
func (p *Process) provide() (all []Provision, err error) {
	for _, from := range p.Providers {
		one, err := from.Provide()
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}

// tee has a provider hear an output of the child too, if it wants to.
func (one Provision) tee(channel string, output output.Sink) output.Sink {
	if one.OnOutput == nil || output == nil {
		return output
	}
	return teeOutput{output, func(data []byte) { one.OnOutput(channel, data) }}
}

func releaseProvisions(all []Provision) {
	for _, one := range all {
		if one.Release != nil {
			one.Release()
		}
	}
}

func (p *Process) spec(file string, argv, env []string, provisions []Provision) *spawn.Spec {
	s := p.outputSpec()
	s.Path, s.Args, s.Env = file, argv, env
	for _, one := range provisions {
		s.Files = append(s.Files, one.Files...)
		s.ListenPID, s.WatchdogPID = s.ListenPID || one.ListenPID, s.WatchdogPID || one.WatchdogPID
		s.Stdout, s.Stderr = one.tee("stdout", s.Stdout), one.tee("stderr", s.Stderr)
	}
	s.Dir, s.Umask, s.Stdin = p.Config.Directory, p.Config.Umask, p.socket
	if p.Config.UID != nil {
		s.Become = accounts.CredentialsOf(*p.Config.UID) // now: users come and go
	}
	return s
}

// outputSpec says who the next child is and where its output goes.
func (p *Process) outputSpec() *spawn.Spec {
	s := &spawn.Spec{
		Stdout:  p.stdout,
		OnSpawn: func(c spawn.Child) { p.pid.Store(int64(c.Pid())) },
	}
	p.setMarkers(s)
	if p.EventListener != nil {
		s.Stdout = teeOutput{p.stdout, p.EventListener.NewSession()}
	}
	if !p.Config.RedirectStderr {
		s.Stderr = p.stderr
	}
	return s
}

// teeOutput is output that a partner gets too, as the child wrote it: only the
// log is stripped of escape sequences.
type teeOutput struct {
	log      output.Sink
	onOutput func(data []byte)
}

// Write implements output.Sink.
func (o teeOutput) Write(data []byte) {
	o.log.Write(data)
	o.onOutput(data)
}

// stream makes the way of one output of the process: to its log, to the main
// log at level debug, to whoever subscribed to its events.
func (p *Process) stream(channel, path string, conf config.Log) *logs.Stream {
	o := logs.StreamOptions{
		Process:         p.Config.Name,
		Channel:         channel,
		Path:            path,
		MaxBytes:        conf.MaxBytes,
		Backups:         conf.Backups,
		Syslog:          conf.Syslog,
		StripANSI:       p.StripANSI,
		CaptureMaxBytes: conf.CaptureMaxBytes,
		Report: func(err error) {
			p.Log.Error(fmt.Sprintf("%s log of %s: %v", channel, p.Config.Name, err))
		},
	}
	log, comm := events.ProcessLogStdout, events.ProcessCommunicationOut
	if channel == "stderr" {
		log, comm = events.ProcessLogStderr, events.ProcessCommunicationErr
	}
	if conf.Events {
		o.Output = func(data []byte) {
			p.Events.Publish(log, func() string {
				return events.LogPayload(p.Config.Name, p.Config.Group, int(p.pid.Load()), channel, data)
			})
		}
	}
	o.Captured = func(data []byte) {
		p.Events.Publish(comm, func() string {
			return events.CommunicationPayload(p.Config.Name, p.Config.Group, int(p.pid.Load()), data)
		})
		p.Log.Debug(fmt.Sprintf("'%s' %s emitted a comm event", p.Config.Name, channel))
	}
	if p.Log.Enabled(context.Background(), slog.LevelDebug) {
		o.Debug = func(data []byte) {
			p.Log.Debug(fmt.Sprintf("'%s' %s output:\n%s", p.Config.Name, channel, logs.DebugText(data)))
		}
	}
	return logs.NewStream(o)
}

// openLogs opens the logs unless they are open.
func (p *Process) openLogs() error {
	if p.logUsers == 0 {
		if err := p.stdout.Open(); err != nil {
			return err
		}
		if !p.Config.RedirectStderr {
			if err := p.stderr.Open(); err != nil {
				p.stdout.Close()
				return err
			}
		}
	}
	p.logUsers++
	return nil
}

// closeLogs takes back one openLogs, of the child or an errand.
func (p *Process) closeLogs() {
	p.logUsers = max(p.logUsers-1, 0)
	for _, s := range []*logs.Stream{p.stdout, p.stderr} {
		s.Flush()
		if p.logUsers == 0 {
			s.Close()
		}
	}
}

// Stream returns the way of one output, "stdout" or "stderr".
func (p *Process) Stream(channel string) *logs.Stream {
	if channel == "stderr" {
		return p.stderr
	}
	return p.stdout
}

// ReopenLogs opens the logs of a living child anew, for whoever renamed them.
func (p *Process) ReopenLogs() error {
	return errors.Join(p.stdout.Reopen(), p.stderr.Reopen())
}

// ClearLogs empties both logs.
func (p *Process) ClearLogs() error {
	return errors.Join(p.stdout.Clear(), p.stderr.Clear())
}

// Position implements output.Positioned.
func (o teeOutput) Position() (inode uint64, size int64) {
	if log, ok := o.log.(output.Positioned); ok {
		return log.Position()
	}
	return 0, 0
}

// Resume implements output.Positioned. Whoever overhears has begun anew, and this
// does not belong to it.
func (o teeOutput) Resume(data []byte, inode uint64, size int64) {
	if log, ok := o.log.(output.Positioned); ok {
		log.Resume(data, inode, size)
	}
}
