package rpc

import (
	"context"
)

// signalMethods send something to processes.
func signalMethods() []method {
	return []method{
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
	}
}

// refreshMethods let programs read their own configuration again.
func refreshMethods() []method {
	return []method{
		{name: "refreshProcess", unlisted: true, params: []param{processOrGroup}, result: "boolean", resultHelp: alwaysTrue,
			help: "Makes a process read its own configuration again, by reload_check, reload_signal and reload_command. The answer comes when that is done.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Signals.RefreshProcess(ctx, a.text(0)))
			}},
		{name: "refreshProcessGroup", unlisted: true, params: []param{groupName}, result: "array", resultHelp: resultsHelp,
			help: "Makes the processes of a group that run and have such an option read their own configuration again.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Signals.RefreshGroup(ctx, a.text(0)))
			}},
		{name: "refreshAllProcesses", unlisted: true, result: "array", resultHelp: resultsHelp,
			help: "Makes all processes that run and have such an option read their own configuration again.",
			call: func(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
				return listResult(d.Signals.RefreshAll(ctx))
			}},
	}
}

// resetMethods forget restarts and failed starts.
func resetMethods() []method {
	return []method{
		{name: "resetProcess", unlisted: true, params: []param{processOrGroup}, result: "boolean", resultHelp: alwaysTrue,
			help: "Resets the counts of restarts and failed starts of a process.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Signals.ResetProcess(ctx, a.text(0)))
			}},
		{name: "resetProcessGroup", unlisted: true, params: []param{groupName}, result: "array", resultHelp: resultsHelp,
			help: "Resets the counts of restarts and failed starts of the processes of a group.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Signals.ResetGroup(ctx, a.text(0)))
			}},
		{name: "resetAllProcesses", unlisted: true, result: "array", resultHelp: resultsHelp,
			help: "Resets the counts of restarts and failed starts of all processes.",
			call: func(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
				return listResult(d.Signals.ResetAll(ctx))
			}},
	}
}
