package rpc

import (
	"context"

	"supervisor/supervisord/supervisor"
)

// startMethods start processes.
func startMethods() []method {
	alone := "What it depends on is neither started nor waited for."
	return []method{
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
		{name: "startProcessAlone", unlisted: true, params: []param{processOrGroup, waitStarted}, result: "boolean", resultHelp: alwaysTrue,
			help: "Starts a process. " + alone,
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueOrResults(d.Control.StartProcess(ctx, a.text(0), supervisor.Call{Alone: true, Wait: a.flag(1)}))
			}},
		{name: "startProcessGroupAlone", unlisted: true, params: []param{groupName, waitStarted}, result: "array", resultHelp: resultsHelp,
			help: "Starts the processes of a group. " + alone,
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Control.StartGroup(ctx, a.text(0), supervisor.Call{Alone: true, Wait: a.flag(1)}))
			}},
		{name: "startAllProcessesAlone", unlisted: true, params: []param{waitStarted}, result: "array", resultHelp: resultsHelp,
			help: "Starts all processes. " + alone,
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return listResult(d.Control.StartAll(ctx, supervisor.Call{Alone: true, Wait: a.flag(0)}))
			}},
	}
}

// stopMethods stop processes, by their stop signal or by SIGKILL.
func stopMethods() []method {
	return []method{
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
		{name: "killProcess", unlisted: true, params: []param{processOrGroup, waitStopped}, result: "boolean", resultHelp: alwaysTrue,
			help: "Ends a process with SIGKILL, and all processes that a stop would signal.",
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
	}
}
