package rpc

import (
	"context"
)

var (
	operationID    = param{name: "operation", kind: text, help: "the name of the operation, as returned by the method that began it"}
	rollingOptions = param{name: "options", kind: structure, byDefault: map[string]any{},
		help: "options of the rolling update, each as a text: batch (1 or 25%), surge, pause, timeout, abort (true or false); others are as configured"}
)

const operationName = "the name of the operation, for followOperation"

// operationMethods change many processes one after the other.
func operationMethods() []method {
	return []method{
		{name: "updateProcessGroup", unlisted: true, result: "string", resultHelp: operationName,
			params: []param{groupName, {name: "turns", kind: flag, byDefault: false, help: "replace the processes in batches, and go back if a new one fails"}, rollingOptions},
			help:   "Updates a group in use to what reloadConfig has read, process by process. For a group that can only be updated as a whole the fault is UNKNOWN_METHOD, unless turns is true.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				options, ok := a.stringMap(2)
				if !ok {
					return nil, incorrectParams()
				}
				return d.Operations.Update(a.text(0), a.flag(1), options)
			}},
		{name: "rollingRestart", unlisted: true, result: "string", resultHelp: operationName,
			params: []param{{name: "names", kind: list, help: "the processes, as name or group:name; group:* for a whole group"}, rollingOptions},
			help:   "Restarts processes in batches, each batch when the one before is RUNNING.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				var names []string
				for _, v := range a.list(0) {
					name, isText := v.(string)
					if !isText {
						return nil, incorrectParams()
					}
					names = append(names, name)
				}
				options, ok := a.stringMap(1)
				if !ok {
					return nil, incorrectParams()
				}
				return d.Operations.Restart(names, options)
			}},
		{name: "scaleProgram", unlisted: true, result: "string", resultHelp: operationName,
			params: []param{{name: "name", kind: text, help: "the program; as group:program if several have that name"},
				{name: "number", kind: anyText, help: "the number of processes; with + or - how many more or fewer"}},
			help: "Changes the number of processes of a program, until its group is updated.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				return d.Operations.Scale(a.text(0), a.text(1))
			}},
		{name: "followOperation", unlisted: true, duringShutdown: true, result: "struct",
			resultHelp: "a struct of lines, next, ended, failed; each line is a struct of name, done, error",
			params:     []param{operationID, {name: "from", kind: number, help: "the number of the first line to return"}},
			help:       "Returns the progress of an operation. The answer comes when there is something new.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				state, err := d.Operations.Follow(ctx, a.text(0), int(a.number(1)))
				state.Lines = nonNil(state.Lines)
				return state, err
			}},
	}
}
