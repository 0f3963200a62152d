package rpc

import (
	"context"

	"supervisor/supervisord/api"
)

// Stopper is what a supervisor offers of stops and restarts beyond Supervisor.
type Stopper interface {
	// KillProcess and its kind are StopProcess and its kind without asking first.
	KillProcess(ctx context.Context, name string, wait bool) ([]api.CallResult, error)
	KillGroup(ctx context.Context, name string, wait bool) ([]api.CallResult, error)
	KillAll(ctx context.Context, wait bool) ([]api.CallResult, error)
	// LeftBehind tells, a line each, whom the last stop of a process has left
	// behind, or of those that the results of a call tell of.
	LeftBehind(name string, results []api.CallResult) []string
	// ResetProcess and its kind forget restarts and failed attempts. They have
	// results, not nil, only if name is that of a whole group.
	ResetProcess(ctx context.Context, name string) ([]api.CallResult, error)
	ResetGroup(ctx context.Context, name string) ([]api.CallResult, error)
	ResetAll(ctx context.Context) ([]api.CallResult, error)
}

// stopMethods are those that Supervisor does not have.
func stopMethods() []method {
	return []method{
		{name: "killProcess", unlisted: true, params: []param{processOrGroup, waitStopped}, result: "boolean", resultHelp: alwaysTrue,
			help: "Ends a process with SIGKILL, and all whom a stop of it is for.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Supervisor.KillProcess(ctx, a.text(0), a.flag(1))
				return stopResult(d, a.text(0), results, err)
			}},
		{name: "killProcessGroup", unlisted: true, params: []param{groupName, waitStopped}, result: "array", resultHelp: resultsHelp,
			help: "Ends the processes of a group with SIGKILL.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Supervisor.KillGroup(ctx, a.text(0), a.flag(1))
				return stopAllResult(d, results, err)
			}},
		{name: "killAllProcesses", unlisted: true, params: []param{waitStopped}, result: "array", resultHelp: resultsHelp,
			help: "Ends all processes with SIGKILL.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Supervisor.KillAll(ctx, a.flag(0))
				return stopAllResult(d, results, err)
			}},
		{name: "resetProcess", unlisted: true, params: []param{processOrGroup}, result: "boolean", resultHelp: alwaysTrue,
			help: "Forgets how often a process has been restarted and has failed to start.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Supervisor.ResetProcess(ctx, a.text(0)))
			}},
		{name: "resetProcessGroup", unlisted: true, params: []param{groupName}, result: "array", resultHelp: resultsHelp,
			help: "Forgets this of the processes of a group.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Supervisor.ResetGroup(ctx, a.text(0)))
			}},
		{name: "resetAllProcesses", unlisted: true, result: "array", resultHelp: resultsHelp,
			help: "Forgets this of all processes.",
			call: func(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
				return listResult(d.Supervisor.ResetAll(ctx))
			}},
	}
}
