package rpc

import (
	"context"

	"supervisor/supervisord/api"
)

// Stopper is what a supervisor offers of stops and restarts beyond Supervisor.
type Stopper interface {
	// ResetProcess and its kind forget restarts and failed attempts. They have
	// results, not nil, only if name is that of a whole group.
	ResetProcess(ctx context.Context, name string) ([]api.CallResult, error)
	ResetGroup(ctx context.Context, name string) ([]api.CallResult, error)
	ResetAll(ctx context.Context) ([]api.CallResult, error)
}

// stopMethods are those that Supervisor does not have.
func stopMethods() []method {
	return []method{
		{name: "resetProcess", unlisted: true, params: []param{processOr}, result: "boolean", outcome: alwaysTrue,
			help: "Forgets how often a process has been restarted and has failed to start.",
			call: func(ctx context.Context, d *door, a arguments) (any, error) {
				return doneOr(d.Supervisor.ResetProcess(ctx, a.text(0)))
			}},
		{name: "resetProcessGroup", unlisted: true, params: []param{groupName}, result: "array", outcome: resultList,
			help: "Forgets this of the processes of a group.",
			call: func(ctx context.Context, d *door, a arguments) (any, error) {
				return all(d.Supervisor.ResetGroup(ctx, a.text(0)))
			}},
		{name: "resetAllProcesses", unlisted: true, result: "array", outcome: resultList,
			help: "Forgets this of all processes.",
			call: func(ctx context.Context, d *door, _ arguments) (any, error) {
				return all(d.Supervisor.ResetAll(ctx))
			}},
	}
}
