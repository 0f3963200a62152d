package process

import (
	"log/slog"
	"os"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process/launch"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
)

// Options is what a process needs beside its configuration.
type Options struct {
	Config *config.Process
	// Stdout and Stderr are the log files, with AUTO resolved, "" for none.
	Stdout, Stderr string
	StripANSI      bool
	// ServerURL is SUPERVISOR_SERVER_URL unless the program sets its own, "" for none.
	ServerURL string
	// Environ is the environment of the daemon, NAME=value.
	Environ []string
	// Socket becomes the stdin of a FastCGI program, nil for all others.
	Socket  SharedSocket
	Spawner Spawner
	Events  *events.Bus
	Log     *slog.Logger
	// EventListener gets what the child writes to stdout, nil for nothing. Then
	// stdout has no events and no syslog.
	EventListener EventListener
	// Providers add to each spawn, in order.
	Providers []Provider
	// RestartLimitReached is called when restart_limit was reached and the process
	// given up, with the reason in words and an exit status that is not 0; nil for
	// nothing. It must not block.
	RestartLimitReached func(p *Process, reason string, code int)
	// Random returns a random number from 0 to 1 for restart_jitter; nil for
	// math/rand's.
	Random func() float64
	// Changed is called after each change of the status, nil for nothing. It must
	// not block.
	Changed func(*Process)
}

// Spawner spawns children.
type Spawner interface {
	Spawn(*spawn.Spec) (spawn.Child, error)
	// Adopt takes over a child that another daemon left. Of the spec only the
	// outputs, OnSpawn and the markers count. The error is a *spawn.GoneError if
	// the child has exited.
	Adopt(*spawn.Orphan, *spawn.Spec) (spawn.Child, error)
}

// SharedSocket is a listening socket that several processes share.
type SharedSocket interface {
	// Acquire returns the socket, which the first caller creates. It stays open
	// until Release was called as often as Acquire and Adopt succeeded.
	Acquire() (*os.File, error)
	// Adopt is Acquire with the socket on which a child of an earlier daemon
	// listens. It takes the file over.
	Adopt(*os.File) (*os.File, error)
	// Release takes back one Acquire or Adopt.
	Release()
}

// EventListener speaks the event listener protocol with the children of a process.
// The goroutine that owns the process calls it, so its methods must neither block
// nor call the process.
type EventListener interface {
	// NewSession is called before each spawn. The stdout of that child goes to the
	// function it returns, besides the log. A goroutine of the child calls it.
	NewSession() (onOutput func(data []byte))
	// SetStdin is called after each spawn with spawn.Child.Write, which writes to
	// the stdin of that child.
	SetStdin(write func(data []byte) error)
	// StateChanged is called for each transition. It calls publish, which publishes
	// the event, once: some of its work comes before that, some after.
	StateChanged(to states.Process, publish func())
}

// Provision is what a Provider adds to one spawn.
type Provision = launch.Provision

// Provider adds to each spawn what is not configuration: variables, descriptors,
// an output watcher. The goroutine that owns the process calls it.
type Provider interface {
	// Provide is called before each spawn. It must not block. If it fails the spawn
	// fails with its error.
	Provide() (Provision, error)
}

// AdoptProvider is a Provider that wants to know of an adopted child.
type AdoptProvider interface {
	// ProvideAdopted is called before a child of an earlier daemon is adopted, in
	// place of Provide. The function it returns gets what the child writes from now
	// on, nil for nothing. It must not block.
	ProvideAdopted(saved *machine.Status) (onOutput func(channel string, data []byte))
}
