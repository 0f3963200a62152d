package rpc

import (
	"context"
)

var (
	operationID    = param{name: "operation", kind: text, help: "its name, as the method that began it returned it"}
	rollingOptions = param{name: "options", kind: structure, byDefault: map[string]any{},
		help: "how processes take turns, each as a text: batch (1 or 25%), surge, pause, timeout, abort (true or false); what is left out is as configured"}
)

const operationName = "the name of the operation, for followOperation"

// operationMethods change many processes one after the other.
func operationMethods() []method {
	return []method{
		{name: "updateProcessGroup", unlisted: true, result: "string", resultHelp: operationName,
			params: []param{groupName, {name: "turns", kind: flag, byDefault: false, help: "have the processes take turns, and go back if a new one fails"}, rollingOptions},
			help:   "Brings a group in use to what reloadConfig has read, process by process. Where groups are updated as a whole it is unknown, unless processes are to take turns.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				options, ok := a.stringMap(2)
				if !ok {
					return nil, incorrectParams()
				}
				return d.Operations.Update(a.text(0), a.flag(1), options)
			}},
		{name: "rollingRestart", unlisted: true, result: "string", resultHelp: operationName,
			params: []param{{name: "names", kind: list, help: "the processes, as name or group:name; group:* for a whole group"}, rollingOptions},
			help:   "Restarts processes in batches, each when the one before is RUNNING.",
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
			params: []param{{name: "name", kind: text, help: "the program, with its group and a colon before it where several have that name"},
				{name: "number", kind: anyText, help: "how many processes it is to have; with + or - how many more or fewer"}},
			help: "Gives a program another number of processes, until its group is updated.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				return d.Operations.Scale(a.text(0), a.text(1))
			}},
		{name: "followOperation", unlisted: true, duringShutdown: true, result: "struct",
			resultHelp: "a struct of lines, next, ended, failed; each line is a struct of name, done, error",
			params:     []param{operationID, {name: "from", kind: number, help: "the number of the first line to return"}},
			help:       "Tells how far an operation has come. The answer comes when there is something new.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				state, err := d.Operations.Follow(ctx, a.text(0), int(a.number(1)))
				state.Lines = nonNil(state.Lines)
				return state, err
			}},
	}
}
