package rpc

import (
	"context"
	"time"
)

// infoMethods report on processes, their configuration and sockets.
func infoMethods() []method {
	return []method{
		{name: "getProcessInfo", params: []param{processName}, result: "struct", resultHelp: "the state of the process",
			help: "Returns the state of one process.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) { return d.Reports.Info(a.text(0)) }},
		{name: "getAllProcessInfo", result: "array", resultHelp: "a struct for each process, as in getProcessInfo",
			help: "Returns the states of all processes.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.Infos()), nil
			}},
		{name: "getAllConfigInfo", result: "array", resultHelp: "a struct for each process",
			help: "Returns the configuration of all processes, also of those that are not in use yet.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.ConfigInfos()), nil
			}},
		{name: "getProcessEnvironment", unlisted: true, result: "array", resultHelp: "a struct for each variable: name, value, source, masked",
			params: []param{processName, {name: "reveal", kind: flag, byDefault: false, help: "return the values of variables that look secret as well; default false"}},
			help:   "Returns the environment variables that a child started now would get.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				list, err := d.Reports.Environment(a.text(0), a.flag(1))
				return nonNil(list), err
			}},
		{name: "getSockets", unlisted: true, result: "array",
			resultHelp: "a struct for each: name, url, state (open, closed, failed), error, processes, waiting, backlog",
			help:       "Returns the sockets of [socket:x]. An unknown length of a queue is -1.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.ListenSockets()), nil
			}},
	}
}

// runMethods report on the past runs of processes.
func runMethods() []method {
	lines := param{name: "lines", kind: number, byDefault: int64(0), help: "how many of the last lines of each run; default 0"}
	return []method{
		{name: "getProcessRuns", unlisted: true, params: []param{processName, lines}, result: "struct",
			resultHelp: "name, group, restarts (within the last hour), runs: a struct for each of the last 20",
			help:       "Returns the last runs of a process: when, how they ended, who asked, what they used.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				return d.Runs.Runs(a.text(0), lineCount(a.number(1)))
			}},
		{name: "getAllProcessRuns", unlisted: true, params: []param{lines}, result: "array", resultHelp: "a struct for each process that has run, as in getProcessRuns",
			help: "Returns the last runs of all processes.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				return nonNil(d.Runs.AllRuns(lineCount(a.number(0)))), nil
			}},
	}
}

// lineCount bounds how many lines a client may ask for.
func lineCount(n int64) int { return int(min(max(n, 0), 1000)) }

// conditionMethods report why processes are in their states, and wait for states.
func conditionMethods() []method {
	return []method{
		{name: "getProcessCauses", unlisted: true, params: []param{processName}, result: "array", resultHelp: "a struct for each cause: kind and text",
			help: "Explains why a process is in its state.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				reasons, err := d.Reports.Why(a.text(0))
				return nonNil(reasons), err
			}},
		{name: "getAllProcessCauses", unlisted: true, result: "struct", resultHelp: "the causes by process name",
			help: "Explains why all processes are in their states.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				reasons := make(map[string]any)
				for name, list := range d.Reports.AllReasons() {
					reasons[name] = nonNil(list)
				}
				return reasons, nil
			}},
		{name: "getDependencies", unlisted: true, result: "array", resultHelp: "a struct for each process: name, statename, needs, wait_for",
			help: "Returns what each process depends on, dependencies before their dependents.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.Dependencies()), nil
			}},
		{name: "getProcessHealth", unlisted: true, result: "array",
			resultHelp: "a struct for each: name, group, condition (waiting, late, ready, unready, healthy, failing, unhealthy, unknown or a state), since, now, error",
			help:       "Returns readiness and health of the processes that have a check of either.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.Healths()), nil
			}},
		{name: "waitForProcess", unlisted: true, result: "boolean", resultHelp: "whether it has reached the goal",
			params: []param{processOrGroup, {name: "goal", kind: anyText, help: "running, ready, stopped or exited"},
				{name: "patience", kind: number, help: "how long to wait, in milliseconds"}},
			help: "Waits until a process has reached a goal. A process in state FATAL is a fault, unless the goal is stopped.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				timeout := min(max(a.number(2), 0), int64(24*time.Hour/time.Millisecond))
				return d.Reports.WaitFor(ctx, a.text(0), a.text(1), time.Duration(timeout)*time.Millisecond)
			}},
	}
}
