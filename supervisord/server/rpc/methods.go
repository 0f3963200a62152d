package rpc

import (
	"context"
	"os"
	"slices"

	"supervisor/supervisord/api"
	"supervisor/supervisord/supervisor"
)

// The parameters that many methods share.
var (
	processName    = param{name: "name", kind: text, help: "the process, as name or group:name"}
	processOrGroup = param{name: "name", kind: text, help: "the process, as name or group:name; group:* for a whole group"}
	groupName      = param{name: "name", kind: text, help: "the group"}
	signalName     = param{name: "signal", kind: anyText, help: "the signal, by name (with or without SIG) or by number"}
	offset         = param{name: "offset", kind: number, help: "the byte to begin with"}
	length         = param{name: "length", kind: number, help: "how many bytes to return"}
	waitStarted    = param{name: "wait", kind: flag, byDefault: true, help: "answer only when the outcome is known; true if left out"}
	waitStopped    = param{name: "wait", kind: flag, byDefault: true, help: "answer only when the end has come; true if left out"}
)

const (
	alwaysTrue  = "always true"
	resultsHelp = "a struct for each process concerned: name, group, status (80 or a fault code), description"
)

// supervisorMethods is the table of what a [rpcinterface:x] offers, in the
// order of the documentation.
func supervisorMethods() []method {
	return slices.Concat([]method{
		{name: "getAPIVersion", alias: "getVersion", result: "string", resultHelp: "the version",
			help: "Tells the version of this interface, which is not that of the program.",
			call: func(context.Context, *dispatcher, arguments) (any, error) { return api.Version, nil }},
		{name: "getSupervisorVersion", result: "string", resultHelp: "the version",
			help: "Tells the version of supervisord.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) { return d.Version, nil }},
		{name: "getIdentification", result: "string", resultHelp: "the identifier",
			help: "Tells the identifier by which this supervisord is told from others.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return d.Daemon.Identifier(), nil
			}},
		{name: "getState", result: "struct", resultHelp: "a struct of statecode and statename",
			help: "Tells the state of supervisord itself.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				mood := d.Daemon.Mood()
				return api.StateInfo{Code: mood, Name: mood.String()}, nil
			}},
		{name: "getPID", result: "int", resultHelp: "the process id",
			help: "Tells the process id of supervisord.",
			call: func(context.Context, *dispatcher, arguments) (any, error) { return os.Getpid(), nil }},
		{name: "readLog", alias: "readMainLog", params: []param{offset, length}, result: "string", resultHelp: "the text",
			help: "Returns part of supervisord's own log. A negative offset counts from the end, a length of 0 means all.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				return d.Logs.ReadMainLog(a.number(0), a.number(1))
			}},
		{name: "clearLog", result: "boolean", resultHelp: alwaysTrue,
			help: "Empties supervisord's own log.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return trueResult(d.Logs.ClearMainLog())
			}},
		{name: "shutdown", result: "boolean", resultHelp: alwaysTrue,
			help: "Stops all processes, then supervisord. The answer comes before that.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				d.Daemon.Shutdown()
				return true, nil
			}},
		{name: "restart", result: "boolean", resultHelp: alwaysTrue,
			help: "Stops all processes, then begins anew with the configuration. The answer comes before that. A configuration that cannot be used is refused.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return trueResult(d.Daemon.Restart())
			}},
		{name: "upgrade", unlisted: true, result: "boolean", resultHelp: alwaysTrue,
			params: []param{{name: "binary", kind: text, help: "the file to execute, as supervisord finds it; empty for the one it was started from"}},
			help:   "Has another binary go on with everything, in the same process. The answer comes when that has been found to be possible, and before it is done.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Daemon.Upgrade(ctx, a.text(0)))
			}},
		{name: "getUpgrades", unlisted: true, result: "int", resultHelp: "the number",
			help: "Tells how many binaries have gone before the present one in this process.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) { return d.Upgrades, nil }},
		{name: "reloadConfig", result: "array", resultHelp: "one array: the names of the groups that are new, different, gone",
			help: "Reads the configuration again and tells how the groups in use differ from it. Nothing is started or stopped.",
			call: reloadConfig},
		{name: "sendRemoteCommEvent", duringShutdown: true, result: "boolean", resultHelp: alwaysTrue,
			params: []param{{name: "type", kind: anyText, help: "the type in the head of the event"}, {name: "data", kind: anyText, help: "the body of the event"}},
			help:   "Sends a REMOTE_COMMUNICATION event to the listeners that want it.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				d.Daemon.RemoteEvent(a.text(0), a.text(1))
				return true, nil
			}},

		{name: "getProcessInfo", params: []param{processName}, result: "struct", resultHelp: "what there is to know of the process",
			help: "Tells of one process.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) { return d.Reports.Info(a.text(0)) }},
		{name: "getAllProcessInfo", result: "array", resultHelp: "a struct for each process, as getProcessInfo has it",
			help: "Tells of all processes.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.Infos()), nil
			}},
		{name: "getProcessCauses", unlisted: true, params: []param{processName}, result: "array", resultHelp: "a struct for each cause: kind and text",
			help: "Tells why a process is in its state.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				reasons, err := d.Reports.Why(a.text(0))
				return nonNil(reasons), err
			}},
		{name: "getAllProcessCauses", unlisted: true, result: "struct", resultHelp: "the causes by the names of the processes",
			help: "Tells why all processes are in their states.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				reasons := make(map[string]any)
				for name, list := range d.Reports.AllReasons() {
					reasons[name] = nonNil(list)
				}
				return reasons, nil
			}},
		{name: "getAllConfigInfo", result: "array", resultHelp: "a struct for each process",
			help: "Tells how the processes are configured, also those that are not in use yet.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.ConfigInfos()), nil
			}},
		{name: "startProcess", params: []param{processOrGroup, waitStarted}, result: "boolean", resultHelp: alwaysTrue,
			help: "Starts a process.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Control.StartProcess(ctx, a.text(0), supervisor.Call{Wait: a.flag(1)}))
			}},
		{name: "startProcessGroup", params: []param{groupName, waitStarted}, result: "array", resultHelp: resultsHelp,
			help: "Starts the processes of a group.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Control.StartGroup(ctx, a.text(0), supervisor.Call{Wait: a.flag(1)}))
			}},
		{name: "startAllProcesses", params: []param{waitStarted}, result: "array", resultHelp: resultsHelp,
			help: "Starts all processes.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Control.StartAll(ctx, supervisor.Call{Wait: a.flag(0)}))
			}},
		{name: "stopProcess", params: []param{processOrGroup, waitStopped}, result: "boolean", resultHelp: alwaysTrue,
			help: "Stops a process.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Control.StopProcess(ctx, a.text(0), supervisor.Call{Wait: a.flag(1)})
				return stopResult(d, a.text(0), results, err)
			}},
		{name: "stopProcessGroup", params: []param{groupName, waitStopped}, result: "array", resultHelp: resultsHelp,
			help: "Stops the processes of a group.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Control.StopGroup(ctx, a.text(0), supervisor.Call{Wait: a.flag(1)})
				return stopAllResult(d, results, err)
			}},
		{name: "stopAllProcesses", params: []param{waitStopped}, result: "array", resultHelp: resultsHelp,
			help: "Stops all processes.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Control.StopAll(ctx, supervisor.Call{Wait: a.flag(0)})
				return stopAllResult(d, results, err)
			}},
		{name: "signalProcess", params: []param{processOrGroup, signalName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Sends a signal to a process.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Signals.SignalProcess(ctx, a.text(0), a.text(1)))
			}},
		{name: "signalProcessGroup", params: []param{groupName, signalName}, result: "array", resultHelp: resultsHelp,
			help: "Sends a signal to the processes of a group.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Signals.SignalGroup(ctx, a.text(0), a.text(1)))
			}},
		{name: "signalAllProcesses", params: []param{signalName}, result: "array", resultHelp: resultsHelp,
			help: "Sends a signal to all processes.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Signals.SignalAll(ctx, a.text(0)))
			}},
		{name: "sendProcessStdin", result: "boolean", resultHelp: alwaysTrue,
			params: []param{processName, {name: "chars", kind: chars, help: "what to send; no line end is added"}},
			help:   "Writes to the standard input of a process.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Signals.SendStdin(ctx, a.text(0), a.text(1)))
			}},
		{name: "addProcessGroup", params: []param{groupName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Puts a configured group to use.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Groups.AddGroup(ctx, a.text(0)))
			}},
		{name: "removeProcessGroup", params: []param{groupName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Takes a stopped group out of use.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Groups.RemoveGroup(ctx, a.text(0)))
			}},

		{name: "readProcessStdoutLog", alias: "readProcessLog", params: []param{processName, offset, length}, result: "string", resultHelp: "the text",
			help: "Returns part of the log of a process's stdout. A negative offset counts from the end, a length of 0 means all.",
			call: readLog("stdout")},
		{name: "readProcessStderrLog", params: []param{processName, offset, length}, result: "string", resultHelp: "the text",
			help: "Returns part of the log of a process's stderr. A negative offset counts from the end, a length of 0 means all.",
			call: readLog("stderr")},
		{name: "tailProcessStdoutLog", alias: "tailProcessLog", params: []param{processName, offset, length}, result: "array",
			resultHelp: "the text, the offset to go on from, whether something was passed over",
			help:       "Returns what was added to the log of a process's stdout since the offset of the last call, or the end of it if that is too much.",
			call:       tailLog("stdout")},
		{name: "tailProcessStderrLog", params: []param{processName, offset, length}, result: "array",
			resultHelp: "the text, the offset to go on from, whether something was passed over",
			help:       "Returns what was added to the log of a process's stderr since the offset of the last call, or the end of it if that is too much.",
			call:       tailLog("stderr")},
		{name: "clearProcessLogs", alias: "clearProcessLog", params: []param{processName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Empties the logs of a process.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Logs.ClearLogs(ctx, a.text(0)))
			}},
		{name: "clearAllProcessLogs", result: "array", resultHelp: resultsHelp,
			help: "Empties the logs of all processes.",
			call: func(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
				return listResult(d.Logs.ClearAllLogs(ctx))
			}},
	}, stopMethods(), dependMethods(), refreshMethods(), operationMethods(), socketMethods(), healthMethods())
}

func reloadConfig(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
	c, err := d.Groups.Reload(ctx)
	return [][][]string{{nonNil(c.Added), nonNil(c.Changed), nonNil(c.Removed)}}, err
}

func readLog(channel string) func(context.Context, *dispatcher, arguments) (any, error) {
	return func(_ context.Context, d *dispatcher, a arguments) (any, error) {
		return d.Logs.ReadLog(a.text(0), channel, a.number(1), a.number(2))
	}
}

func tailLog(channel string) func(context.Context, *dispatcher, arguments) (any, error) {
	return func(_ context.Context, d *dispatcher, a arguments) (any, error) {
		s, next, overflow, err := d.Logs.TailLog(a.text(0), channel, a.number(1), a.number(2))
		return []any{s, next, overflow}, err
	}
}

// trueResult is the result of what has none.
func trueResult(err error) (any, error) { return true, err }

// trueOrResults is the result of what concerns one process or a whole group.
func trueOrResults(results []api.CallResult, err error) (any, error) {
	if results == nil {
		return true, err
	}
	return results, err
}

// listResult is the result of what concerns many processes.
func listResult(results []api.CallResult, err error) (any, error) { return nonNil(results), err }

// nonNil makes an empty list of none, which JSON would call null.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
