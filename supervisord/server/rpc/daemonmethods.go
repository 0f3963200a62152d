package rpc

import (
	"context"
	"os"
	"time"

	"supervisor/supervisord/api"
)

// identityMethods identify supervisord and return its state.
func identityMethods() []method {
	return []method{
		{name: "getAPIVersion", alias: "getVersion", result: "string", resultHelp: "the version",
			help: "Returns the version of this interface, which is not that of the program.",
			call: func(context.Context, *dispatcher, arguments) (any, error) { return api.Version, nil }},
		{name: "getSupervisorVersion", result: "string", resultHelp: "the version",
			help: "Returns the version of supervisord.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) { return d.Version, nil }},
		{name: "getIdentification", result: "string", resultHelp: "the identifier",
			help: "Returns the identifier that distinguishes this supervisord from others.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return d.Daemon.Identifier(), nil
			}},
		{name: "getState", result: "struct", resultHelp: "a struct of statecode and statename",
			help: "Returns the state of supervisord itself.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				mood := d.Daemon.Mood()
				return api.StateInfo{Code: mood, Name: mood.String()}, nil
			}},
		{name: "getPID", result: "int", resultHelp: "the process id",
			help: "Returns the process id of supervisord.",
			call: func(context.Context, *dispatcher, arguments) (any, error) { return os.Getpid(), nil }},
		{name: "getUpgrades", unlisted: true, result: "int", resultHelp: "the number",
			help: "Returns how many binaries this process has executed before the present one.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) { return d.Upgrades, nil }},
	}
}

// daemonMethods end or replace supervisord, and send events to its listeners.
func daemonMethods() []method {
	return []method{
		{name: "shutdown", result: "boolean", resultHelp: alwaysTrue,
			help: "Stops all processes, then supervisord. The answer comes before that.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				d.Daemon.Shutdown()
				return true, nil
			}},
		{name: "shutdownWithin", unlisted: true, duringShutdown: true, result: "boolean", resultHelp: alwaysTrue,
			params: []param{{name: "milliseconds", kind: number, help: "after that time the processes still running are killed"}},
			help:   "Stops all processes, then supervisord, within a deadline. The answer comes before that. During a shutdown it sets another deadline.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				d.Daemon.ShutdownWithin(time.Duration(a.number(0)) * time.Millisecond)
				return true, nil
			}},
		{name: "getUnstopped", unlisted: true, duringShutdown: true, result: "array", resultHelp: "the names",
			help: "Returns which processes have not stopped yet. Can be called during a shutdown.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Daemon.Unstopped()), nil
			}},
		{name: "restart", result: "boolean", resultHelp: alwaysTrue,
			help: "Stops all processes, reads the configuration and starts again. The answer comes before that. An invalid configuration is refused.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return trueResult(d.Daemon.Restart())
			}},
		{name: "upgrade", unlisted: true, result: "boolean", resultHelp: alwaysTrue,
			params: []param{{name: "binary", kind: text, help: "the path of the binary, as supervisord sees it; empty for the one it was started from"}},
			help:   "Replaces the running binary by another one, in the same process; programs keep running. The answer comes after the other binary has been checked, and before it is executed.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Daemon.Upgrade(ctx, a.text(0)))
			}},
		{name: "sendRemoteCommEvent", duringShutdown: true, result: "boolean", resultHelp: alwaysTrue,
			params: []param{{name: "type", kind: anyText, help: "the type in the head of the event"}, {name: "data", kind: anyText, help: "the body of the event"}},
			help:   "Sends a REMOTE_COMMUNICATION event to the listeners that want it.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				d.Daemon.RemoteEvent(a.text(0), a.text(1))
				return true, nil
			}},
	}
}
