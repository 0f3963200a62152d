package rpc

import (
	"context"
)

// refreshMethods are those that Supervisor does not have.
func refreshMethods() []method {
	return []method{
		{name: "refreshProcess", unlisted: true, params: []param{processOrGroup}, result: "boolean", resultHelp: alwaysTrue,
			help: "Has a process read its own configuration again, as reload_check, reload_signal and reload_command say. The answer comes when that is done.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Signals.RefreshProcess(ctx, a.text(0)))
			}},
		{name: "refreshProcessGroup", unlisted: true, params: []param{groupName}, result: "array", resultHelp: resultsHelp,
			help: "Does so with the processes of a group that run and say how.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Signals.RefreshGroup(ctx, a.text(0)))
			}},
		{name: "refreshAllProcesses", unlisted: true, result: "array", resultHelp: resultsHelp,
			help: "Does so with all processes that run and say how.",
			call: func(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
				return listResult(d.Signals.RefreshAll(ctx))
			}},
		{name: "getProcessEnvironment", unlisted: true, result: "array", resultHelp: "a struct for each variable: name, value, source, masked",
			params: []param{processName, {name: "reveal", kind: flag, byDefault: false, help: "tell the values of variables that look secret too; false if left out"}},
			help:   "Tells what variables a child of the process that was born now would get.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				list, err := d.Reports.Environment(a.text(0), a.flag(1))
				return nonNil(list), err
			}},
	}
}
