package rpc

import (
	"context"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/supervisor"
)

// Services are what the calls are made to: a supervisor, seen from several sides,
// and the operations beside it. Their errors are *faults.Error; any other becomes
// FAILED.
type Services struct {
	Daemon     Daemon
	Reports    Reports
	Control    Control
	Signals    Signals
	Groups     Groups
	Logs       Logs
	Runs       Runs
	Operations Operations
}

// Runs reports on past runs of processes.
type Runs interface {
	// Runs reports on one process, AllRuns on all that have run, with so many of the
	// last lines of each run.
	Runs(name string, lines int) (api.ProcessRuns, error)
	AllRuns(lines int) []api.ProcessRuns
}

// Daemon is what concerns the daemon as a whole.
type Daemon interface {
	// Mood never blocks.
	Mood() states.Daemon
	Identifier() string
	// Shutdown and Restart return before anything has stopped. Restart refuses a
	// configuration that can't be used.
	Shutdown()
	Restart() error
	// ShutdownWithin is Shutdown with a deadline, after which what is left is killed.
	ShutdownWithin(timeout time.Duration)
	// Unstopped lists the processes that have not stopped, during a shutdown too.
	Unstopped() []string
	// Upgrade lets another binary take over soon after it has returned.
	Upgrade(ctx context.Context, binary string) error
	// RemoteEvent publishes an event that the client made up.
	RemoteEvent(kind, data string)
}

// Reports are what is known about the processes. Except for WaitFor nothing blocks.
type Reports interface {
	// Info reports on one process, Infos on all, by group and name.
	Info(name string) (api.ProcessInfo, error)
	Infos() []api.ProcessInfo
	// Why explains the state of a process, AllReasons those of all by full name.
	Why(name string) ([]api.Reason, error)
	AllReasons() map[string][]api.Reason
	// ConfigInfos describes the configuration that was read last.
	ConfigInfos() []api.ConfigInfo
	// ListenSockets describes all [socket:x].
	ListenSockets() []api.SocketInfo
	// Dependencies lists what each process depends on, dependencies first.
	Dependencies() []api.Dependencies
	// Healths reports on the processes that have a readiness or health check.
	Healths() []api.Health
	// Environment lists the variables that a child started now would get. Secrets
	// are masked unless reveal is set.
	Environment(name string, reveal bool) ([]api.Variable, error)
	// LeftBehind describes, a line each, the descendants that outlived the last
	// stop of a process, or of the processes in the results of a call.
	LeftBehind(name string, results []api.CallResult) []string
	// WaitFor waits until a process or a group has reached a goal, and reports
	// whether it has before the timeout.
	WaitFor(ctx context.Context, name, goal string, timeout time.Duration) (bool, error)
}

// Control starts and stops processes. The methods block for the outcome if the call
// says so, at most until ctx ends. Those for a process have results, not nil, only if
// name is that of a whole group.
type Control interface {
	StartProcess(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error)
	StartGroup(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error)
	StartAll(ctx context.Context, c supervisor.Call) ([]api.CallResult, error)
	StopProcess(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error)
	StopGroup(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error)
	StopAll(ctx context.Context, c supervisor.Call) ([]api.CallResult, error)
	// KillProcess and its like stop with SIGKILL at once.
	KillProcess(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error)
	KillGroup(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error)
	KillAll(ctx context.Context, c supervisor.Call) ([]api.CallResult, error)
}

// Signals sends something to processes, which go on running. Results are those of
// Control.
type Signals interface {
	SignalProcess(ctx context.Context, name, signal string) ([]api.CallResult, error)
	SignalGroup(ctx context.Context, name, signal string) ([]api.CallResult, error)
	SignalAll(ctx context.Context, signal string) ([]api.CallResult, error)
	SendStdin(ctx context.Context, name, chars string) error
	// RefreshProcess and its like wait until programs have been told to read their
	// own configuration again, at most until ctx ends.
	RefreshProcess(ctx context.Context, name string) ([]api.CallResult, error)
	RefreshGroup(ctx context.Context, name string) ([]api.CallResult, error)
	RefreshAll(ctx context.Context) ([]api.CallResult, error)
	// ResetProcess and its like forget restarts and failed attempts.
	ResetProcess(ctx context.Context, name string) ([]api.CallResult, error)
	ResetGroup(ctx context.Context, name string) ([]api.CallResult, error)
	ResetAll(ctx context.Context) ([]api.CallResult, error)
}

// Groups are the groups in use and the configuration that they come from.
type Groups interface {
	// Reload reads the configuration again and returns what has changed.
	Reload(ctx context.Context) (api.Changes, error)
	// Plan returns what an update to the files would do.
	Plan() ([]api.GroupPlan, error)
	AddGroup(ctx context.Context, name string) error
	RemoveGroup(ctx context.Context, name string) error
	GroupNames() []string
	// AddProgram and RemoveProcess change a group that is in use.
	AddProgram(group, program string, options map[string]string) error
	RemoveProcess(group, name string) error
}

// Logs are the log files. The channel is "stdout" or "stderr".
type Logs interface {
	ReadMainLog(offset, length int64) (logs.Excerpt, error)
	ClearMainLog() error
	ReadLog(name, channel string, offset, length int64) (logs.Excerpt, error)
	TailLog(name, channel string, offset, length int64) (text logs.Excerpt, newOffset int64, overflow bool, err error)
	ClearLogs(ctx context.Context, name string) error
	ClearAllLogs(ctx context.Context) ([]api.CallResult, error)
}

// Operations change many processes one after the other. All but Follow return the
// id of an operation as soon as it has begun.
type Operations interface {
	Restart(names []string, options map[string]string) (id string, err error)
	Update(group string, rolling bool, options map[string]string) (id string, err error)
	Scale(name, to string) (id string, err error)
	// Follow blocks until there are new lines, or until ctx ends.
	Follow(ctx context.Context, id string, from int) (api.Operation, error)
}
