package rpc

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/logs"
)

// Twiddler is a namespace with the methods of the plug-in supervisor_twiddler, which
// change groups while they are in use.
type Twiddler struct {
	Namespace string
	Whitelist []string // the methods that may be called, all if it is empty
}

// twiddlerVersion is the version of the plug-in's interface.
const twiddlerVersion = "1.0"

var twiddlerGroup = param{name: "group_name", kind: text, help: "the group, which is in use"}

// methods returns the methods of the namespace. Those that are not on the whitelist
// exist, but return a fault.
func (t Twiddler) methods() []method {
	table := twiddlerMethods()
	if len(t.Whitelist) == 0 {
		return table
	}
	for i, m := range table {
		if !slices.Contains(t.Whitelist, m.name) {
			table[i].call = func(context.Context, *dispatcher, arguments) (any, error) {
				return nil, faults.New(faults.NotInWhitelist, m.name)
			}
		}
	}
	return table
}

func twiddlerMethods() []method {
	return []method{
		{name: "getAPIVersion", result: "string", resultHelp: "the version",
			help: "Returns the version of this interface.",
			call: func(context.Context, *dispatcher, arguments) (any, error) { return twiddlerVersion, nil }},
		{name: "getGroupNames", result: "array", resultHelp: "the names",
			help: "Returns the names of the groups that are in use.",
			call: func(_ context.Context, d *dispatcher, _ arguments) (any, error) {
				return nonNil(d.Groups.GroupNames()), nil
			}},
		{name: "addProgramToGroup", result: "boolean", resultHelp: alwaysTrue,
			params: []param{twiddlerGroup, {name: "program_name", kind: text, help: "the program, x of [program:x]"},
				{name: "program_options", kind: structure, help: "the options of that section"}},
			help: "Adds the processes of a program to a group, until the group is removed or supervisord ends.",
			call: addProgram},
		{name: "removeProcessFromGroup", result: "boolean", resultHelp: alwaysTrue,
			params: []param{twiddlerGroup, {name: "process_name", kind: text, help: "the process, which must be stopped"}},
			help:   "Removes one process from a group.",
			call: func(_ context.Context, d *dispatcher, a arguments) (any, error) {
				return trueResult(d.Groups.RemoveProcess(a.text(0), a.text(1)))
			}},
		{name: "log", result: "boolean", resultHelp: alwaysTrue,
			params: []param{{name: "message", kind: text, help: "what to write"},
				{name: "level", kind: anyText, byDefault: "INFO", help: "the level, by name or number; default INFO"}},
			help: "Writes a line to supervisord's own log.",
			call: func(ctx context.Context, d *dispatcher, a arguments) (any, error) {
				level, ok := twiddlerLevel(a.text(1))
				if !ok {
					return nil, incorrectParams()
				}
				d.Log.Log(ctx, level, strings.Map(printable, a.text(0)))
				return true, nil
			}},
	}
}

func addProgram(_ context.Context, d *dispatcher, a arguments) (any, error) {
	options, ok := a.stringMap(2)
	if !ok {
		return nil, incorrectParams()
	}
	return trueResult(d.Groups.AddProgram(a.text(0), a.text(1), options))
}

// twiddlerLevel parses the name or number of a level.
func twiddlerLevel(s string) (slog.Level, bool) {
	names := map[string]int{"CRIT": 50, "ERRO": 40, "WARN": 30, "INFO": 20, "DEBG": 10, "TRAC": 5, "BLAT": 3}
	if n, ok := names[strings.ToUpper(s)]; ok {
		return logs.LevelFromSupervisor(n), true
	}
	n, err := strconv.Atoi(s)
	for _, known := range names {
		if err == nil && n == known {
			return logs.LevelFromSupervisor(n), true
		}
	}
	return 0, false
}
