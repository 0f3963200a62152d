package rpc

import (
	"context"
	"time"
)

// reportMethods report on processes and sockets.
func reportMethods() []method {
	return []method{
		{name: "getProcessInfo", params: []param{processName}, result: "struct", resultHelp: "what there is to know of the process",
			help: "Tells of one process.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) { return d.Reports.Info(a.text(0)) }},
		{name: "getAllProcessInfo", result: "array", resultHelp: "a struct for each process, as getProcessInfo has it",
			help: "Tells of all processes.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.Infos()), nil
			}},
		{name: "getAllConfigInfo", result: "array", resultHelp: "a struct for each process",
			help: "Tells how the processes are configured, also those that are not in use yet.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.ConfigInfos()), nil
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
		{name: "getDependencies", unlisted: true, result: "array", resultHelp: "a struct for each process: name, statename, needs, wait_for",
			help: "Tells what the processes depend on, those first that others need.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.Dependencies()), nil
			}},
		{name: "getProcessHealth", unlisted: true, result: "array",
			resultHelp: "a struct for each: name, group, condition (waiting, late, ready, unready, healthy, failing, unhealthy, unknown or a state), since, now, error",
			help:       "Tells of the processes that are to be ready or healthy.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.Healths()), nil
			}},
		{name: "waitForProcess", unlisted: true, result: "boolean", resultHelp: "whether it is",
			params: []param{processOrGroup, {name: "goal", kind: anyText, help: "running, ready, stopped or exited"},
				{name: "patience", kind: number, help: "how long to wait, in milliseconds"}},
			help: "Waits until a process is what is wanted. One that has been given up is a fault, unless it is to be stopped.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				timeout := min(max(a.number(2), 0), int64(24*time.Hour/time.Millisecond))
				return d.Reports.WaitFor(ctx, a.text(0), a.text(1), time.Duration(timeout)*time.Millisecond)
			}},
		{name: "getProcessEnvironment", unlisted: true, result: "array", resultHelp: "a struct for each variable: name, value, source, masked",
			params: []param{processName, {name: "reveal", kind: flag, byDefault: false, help: "tell the values of variables that look secret too; false if left out"}},
			help:   "Tells what variables a child of the process that was born now would get.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				list, err := d.Reports.Environment(a.text(0), a.flag(1))
				return nonNil(list), err
			}},
		{name: "getSockets", unlisted: true, result: "array",
			resultHelp: "a struct for each: name, url, state (open, closed, failed), error, processes, waiting, backlog",
			help:       "Tells of the sockets of [socket:x]. What is not known of their queues is -1.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Reports.ListenSockets()), nil
			}},
	}
}
