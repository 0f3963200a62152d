package rpc

import (
	"context"

	"supervisor/supervisord/supervisor"
)

// stopMethods are those that Supervisor does not have.
func stopMethods() []method {
	return []method{
		{name: "killProcess", unlisted: true, params: []param{processOrGroup, waitStopped}, result: "boolean", resultHelp: alwaysTrue,
			help: "Ends a process with SIGKILL, and all whom a stop of it is for.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Control.KillProcess(ctx, a.text(0), supervisor.Call{Wait: a.flag(1)})
				return stopResult(d, a.text(0), results, err)
			}},
		{name: "killProcessGroup", unlisted: true, params: []param{groupName, waitStopped}, result: "array", resultHelp: resultsHelp,
			help: "Ends the processes of a group with SIGKILL.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Control.KillGroup(ctx, a.text(0), supervisor.Call{Wait: a.flag(1)})
				return stopAllResult(d, results, err)
			}},
		{name: "killAllProcesses", unlisted: true, params: []param{waitStopped}, result: "array", resultHelp: resultsHelp,
			help: "Ends all processes with SIGKILL.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				results, err := d.Control.KillAll(ctx, supervisor.Call{Wait: a.flag(0)})
				return stopAllResult(d, results, err)
			}},
		{name: "resetProcess", unlisted: true, params: []param{processOrGroup}, result: "boolean", resultHelp: alwaysTrue,
			help: "Forgets how often a process has been restarted and has failed to start.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Signals.ResetProcess(ctx, a.text(0)))
			}},
		{name: "resetProcessGroup", unlisted: true, params: []param{groupName}, result: "array", resultHelp: resultsHelp,
			help: "Forgets this of the processes of a group.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Signals.ResetGroup(ctx, a.text(0)))
			}},
		{name: "resetAllProcesses", unlisted: true, result: "array", resultHelp: resultsHelp,
			help: "Forgets this of all processes.",
			call: func(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
				return listResult(d.Signals.ResetAll(ctx))
			}},
	}
}
