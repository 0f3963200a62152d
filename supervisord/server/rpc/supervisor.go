package rpc

import (
	"context"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
)

// Supervisor is whom the calls are for. Its errors are *faults.Error; any
// other becomes FAILED.
type Supervisor interface {
	Stopper
	Refresher
	DependencyReporter
	HealthReporter
	// Mood never blocks.
	Mood() states.Daemon
	Identifier() string
	// Upgrade has another binary take over soon after it has returned.
	Upgrade(ctx context.Context, binary string) error

	// Info tells of one process, Infos of all, by group and name.
	Info(name string) (api.ProcessInfo, error)
	Infos() []api.ProcessInfo
	// Why tells why a process is in its state, AllCauses the same of all by their
	// full names.
	Why(name string) ([]api.Reason, error)
	AllReasons() map[string][]api.Reason
	// ConfigInfos tells of the configuration that was read last.
	ConfigInfos() []api.ConfigInfo

	// ListenSockets tells of all [socket:x].
	ListenSockets() []api.SocketInfo

	// StartProcess and its kind wait for the outcome if they are told to, or
	// until ctx ends. They have results, not nil, only if name is that of a
	// whole group.
	StartProcess(ctx context.Context, name string, wait bool) ([]api.CallResult, error)
	StartGroup(ctx context.Context, name string, wait bool) ([]api.CallResult, error)
	StartAll(ctx context.Context, wait bool) ([]api.CallResult, error)
	StopProcess(ctx context.Context, name string, wait bool) ([]api.CallResult, error)
	StopGroup(ctx context.Context, name string, wait bool) ([]api.CallResult, error)
	StopAll(ctx context.Context, wait bool) ([]api.CallResult, error)
	SignalProcess(ctx context.Context, name, signal string) ([]api.CallResult, error)
	SignalGroup(ctx context.Context, name, signal string) ([]api.CallResult, error)
	SignalAll(ctx context.Context, signal string) ([]api.CallResult, error)
	SendStdin(ctx context.Context, name, chars string) error

	AddGroup(ctx context.Context, name string) error
	RemoveGroup(ctx context.Context, name string) error
	// These change a group that is in use.
	GroupNames() []string
	AddProgram(group, program string, options map[string]string) error
	RemoveProcess(group, name string) error
	// Reload reads the configuration again and tells what has changed.
	Reload(ctx context.Context) (api.Changes, error)
	// Plan tells what an update to it would do.
	Plan() ([]api.GroupPlan, error)
	// Shutdown and Restart only ask for it. A restart with a configuration
	// that can't be used is refused.
	Shutdown()
	Restart() error

	ReadMainLog(offset, length int64) (logs.Excerpt, error)
	ClearMainLog() error
	// The channel is "stdout" or "stderr".
	ReadLog(name, channel string, offset, length int64) (logs.Excerpt, error)
	TailLog(name, channel string, offset, length int64) (text logs.Excerpt, newOffset int64, overflow bool, err error)
	ClearLogs(ctx context.Context, name string) error
	ClearAllLogs(ctx context.Context) ([]api.CallResult, error)

	// RemoteEvent publishes an event that the client made up.
	RemoteEvent(kind, data string)
}

// Operations is what the door needs of those who change many processes one
// after the other. All but Follow only begin something, and return its name.
type Operations interface {
	Restart(names []string, options map[string]string) (id string, err error)
	Update(group string, rolling bool, options map[string]string) (id string, err error)
	Scale(name, to string) (id string, err error)
	// Follow waits for news, or until ctx ends.
	Follow(ctx context.Context, id string, from int) (api.Operation, error)
}
