package rpc

import (
	"context"
)

// logMethods read and clear logs.
func logMethods() []method {
	return []method{
		{name: "readLog", alias: "readMainLog", params: []param{offset, length}, result: "string", resultHelp: "the text",
			help: "Returns part of supervisord's own log. A negative offset counts from the end, a length of 0 means all.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				return d.Logs.ReadMainLog(a.number(0), a.number(1))
			}},
		{name: "clearLog", result: "boolean", resultHelp: alwaysTrue,
			help: "Empties supervisord's own log.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return trueResult(d.Logs.ClearMainLog())
			}},
		{name: "readProcessStdoutLog", alias: "readProcessLog", params: []param{processName, offset, length}, result: "string", resultHelp: "the text",
			help: "Returns part of the log of a process's stdout. A negative offset counts from the end, a length of 0 means all.",
			call: readLog("stdout")},
		{name: "readProcessStderrLog", params: []param{processName, offset, length}, result: "string", resultHelp: "the text",
			help: "Returns part of the log of a process's stderr. A negative offset counts from the end, a length of 0 means all.",
			call: readLog("stderr")},
		{name: "tailProcessStdoutLog", alias: "tailProcessLog", params: []param{processName, offset, length}, result: "array",
			resultHelp: "the text, the offset of its end, whether bytes were skipped",
			help:       "Returns what was added to the log of a process's stdout since an offset, or only the end of it if that is more than length.",
			call:       tailLog("stdout")},
		{name: "tailProcessStderrLog", params: []param{processName, offset, length}, result: "array",
			resultHelp: "the text, the offset of its end, whether bytes were skipped",
			help:       "Returns what was added to the log of a process's stderr since an offset, or only the end of it if that is more than length.",
			call:       tailLog("stderr")},
		{name: "clearProcessLogs", alias: "clearProcessLog", params: []param{processName}, result: "boolean", resultHelp: alwaysTrue,
			help: "Empties the logs of a process.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Logs.ClearLogs(ctx, a.text(0)))
			}},
		{name: "clearAllProcessLogs", result: "array", resultHelp: resultsHelp,
			help: "Empties the logs of all processes.",
			call: func(ctx context.Context, d *dispatcher, _ arguments) (any, error) {
				return listResult(d.Logs.ClearAllLogs(ctx))
			}},
	}
}

func readLog(channel string) func(context.Context, *dispatcher, arguments) (any, error) {
	return func(_ context.Context, d *dispatcher, a arguments) (any, error) {
		return d.Logs.ReadLog(a.text(0), channel, a.number(1), a.number(2))
	}
}

func tailLog(channel string) func(context.Context, *dispatcher, arguments) (any, error) {
	return func(_ context.Context, d *dispatcher, a arguments) (any, error) {
		s, next, overflow, err := d.Logs.TailLog(a.text(0), channel, a.number(1), a.number(2))
		return []any{s, next, overflow}, err
	}
}
