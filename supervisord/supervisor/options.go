package supervisor

import (
	"context"
	"io"
	"log/slog"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/events"
	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/activation"
	"supervisor/supervisord/supervisor/loaded"
)

// Options is what a supervisor needs.
type Options struct {
	// Config is the configuration that the daemon was started with. What it says
	// about the daemon itself holds until the end; groups follow the last load.
	Config  *config.Config
	Source  loaded.Source // how the configuration is read
	Spawner process.Spawner
	Events  *events.Bus
	Log     *slog.Logger
	Main    *logs.Main
	Environ []string // the daemon's own, NAME=value
	// Stdout is where result handlers of event listeners write, nil for nowhere.
	Stdout io.Writer
	// Sockets are those of [socket:x], nil for none. The caller closes them after
	// Run has returned.
	Sockets *activation.Set
	// Check probes once something outside that a process waits for before its
	// start: see probe.Checker.
	Check func(context.Context, *process.Process, config.Probe) error
	Saved Saved
	Hooks Hooks
}

// Saved is what an earlier daemon left. Activate takes it over.
type Saved struct {
	Processes map[string]*process.Saved // by full name
	// Unconfigured are children that belong to no configured process any more.
	Unconfigured []Unconfigured
	// Pools are the states of the pools of event listeners, by group.
	Pools map[string]listener.State
	// Resumed is set after an upgrade: the daemon counts as never having stopped,
	// so nothing that exists already is announced as new.
	Resumed bool
}

// Hooks are called by the supervisor. Apart from Upgrade they may be nil and must
// not block.
type Hooks struct {
	// Changed is called after each change of the status of a process.
	Changed func(*process.Process)
	// Scaled is called after each change of the number of processes of a program.
	// A scale that equals its file takes an earlier one back.
	Scaled func(config.Scale)
	// Started is called when all processes of a batch of automatic starts have
	// been started.
	Started func()
	// Upgrade checks that a binary, "" for the present one, can take over, and
	// starts the upgrade soon after it has returned; ctx ends with the request.
	// The new daemon reads its configuration from the snapshot.
	Upgrade func(ctx context.Context, binary string, from *source.Snapshot) error
}
