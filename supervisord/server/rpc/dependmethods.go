package rpc

import (
	"context"
	"time"

	"supervisor/supervisord/supervisor"
)

// dependMethods are those that Supervisor does not have.
func dependMethods() []method {
	alone := "Does so with what it needs left as it is: neither started nor waited for."
	return []method{
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
		{name: "getDependencies", unlisted: true, result: "array", resultHelp: "a struct for each process: name, statename, needs, wait_for",
			help: "Tells what the processes depend on, those first that others need.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.Dependencies()), nil
			}},
		{name: "shutdownWithin", unlisted: true, duringShutdown: true, result: "boolean", resultHelp: alwaysTrue,
			params: []param{{name: "milliseconds", kind: number, help: "after which what is left is killed"}},
			help:   "Stops all processes, then supervisord. The answer comes before that. During a shutdown it sets another deadline.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				d.Daemon.ShutdownWithin(time.Duration(a.number(0)) * time.Millisecond)
				return true, nil
			}},
		{name: "getUnstopped", unlisted: true, duringShutdown: true, result: "array", resultHelp: "the names",
			help: "Tells, during a shutdown too, which processes are not at rest yet.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Daemon.Unstopped()), nil
			}},
	}
}
