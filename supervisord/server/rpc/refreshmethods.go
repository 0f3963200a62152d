package rpc

import (
	"context"

	"supervisor/supervisord/api"
)

// Refresher is what a supervisor offers of the programs' own configuration and of
// their variables.
type Refresher interface {
	// RefreshProcess and its kind wait until the programs have been told to read
	// their configuration again, or until ctx ends. They have results, not nil, only
	// if name is that of a whole group.
	RefreshProcess(ctx context.Context, name string) ([]api.CallResult, error)
	RefreshGroup(ctx context.Context, name string) ([]api.CallResult, error)
	RefreshAll(ctx context.Context) ([]api.CallResult, error)
	// Environment tells the variables of a birth, secrets masked unless they are to
	// be revealed.
	Environment(name string, reveal bool) ([]api.Variable, error)
}

// refreshMethods are those that Supervisor does not have.
func refreshMethods() []method {
	return []method{
		{name: "refreshProcess", unlisted: true, params: []param{processOrGroup}, result: "boolean", resultHelp: alwaysTrue,
			help: "Has a process read its own configuration again, as reload_check, reload_signal and reload_command say. The answer comes when that is done.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Supervisor.RefreshProcess(ctx, a.text(0)))
			}},
		{name: "refreshProcessGroup", unlisted: true, params: []param{groupName}, result: "array", resultHelp: resultsHelp,
			help: "Does so with the processes of a group that run and say how.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Supervisor.RefreshGroup(ctx, a.text(0)))
			}},
		{name: "refreshAllProcesses", unlisted: true, result: "array", resultHelp: resultsHelp,
			help: "Does so with all processes that run and say how.",
			call: func(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
				return listResult(d.Supervisor.RefreshAll(ctx))
			}},
		{name: "getProcessEnvironment", unlisted: true, result: "array", resultHelp: "a struct for each variable: name, value, source, masked",
			params: []param{processName, {name: "reveal", kind: flag, byDefault: false, help: "tell the values of variables that look secret too; false if left out"}},
			help:   "Tells what variables a child of the process that was born now would get.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				list, err := d.Supervisor.Environment(a.text(0), a.flag(1))
				return nonNil(list), err
			}},
	}
}
