package rpc

import (
	"context"
	"time"
)

func healthMethods() []method {
	return []method{
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
	}
}
