package ctl

import (
	"context"
	"errors"
	"maps"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
)

// rollingFlags say how processes take turns.
func rollingFlags() []actionFlag {
	return []actionFlag{
		{name: "--batch", value: shareValue, help: "How many at a time, rolling_batch by default"},
		{name: "--surge", value: countValue, help: "How many further ones run meanwhile, rolling_surge by default"},
		{name: "--pause", value: durationValue, help: "Time between two batches, rolling_pause by default"},
		{name: "--timeout", value: durationValue, help: "Longest time for a process to stop and to be RUNNING again, none by default"},
		{name: "--abort-on-failure", help: "Leave the rest as it is after a failure, which is the default"},
		{name: "--no-abort", help: "Go on after a failure"},
	}
}

func rollingActions() []action {
	return []action{
		{
			name: "rolling-restart",
			help: []string{
				"rolling-restart <name> <gname>:* [...]\tRestart processes in batches, each when the one before is RUNNING",
				"rolling-restart all\tThe same of all processes, group after group",
				"  --batch 1|25%\t\tHow many at a time, rolling_batch by default",
				"  --surge 1\t\tHow many further ones run meanwhile, rolling_surge by default",
				"  --pause 5s\t\tTime between two batches, rolling_pause by default",
				"  --timeout 1m\t\tLongest time for a process to stop and to be RUNNING again, none by default",
				"  --no-abort\t\tGo on after a failure; without it the rest stays as it is",
			},
			hidden: true, upCheck: true, minArgs: 1, requires: "a process name",
			flags:     rollingFlags(),
			completes: completeProcesses,
			run:       (*session).rollingRestart,
		},
		{
			name: "scale",
			help: []string{
				"scale <program> 8\tHave 8 processes of a program, until its group is updated",
				"scale <program> +2\tHave 2 more",
				"scale <program> -1\tHave 1 less; those with the highest numbers go first",
				"\t\t\tA program of a group with several of that name is <gname>:<program>",
			},
			hidden: true, upCheck: true, minArgs: 2, requires: "a program and a number",
			operand:   isCountChange,
			completes: completeGroups,
			run:       (*session).scale,
		},
	}
}

// rollingOptions makes options for the daemon of flags.
func (in arguments) rollingOptions() (options map[string]any, err error) {
	options = make(map[string]any)
	for _, name := range []string{"batch", "surge", "pause", "timeout"} {
		if value, ok := in.flags["--"+name]; ok {
			options[name] = value
		}
	}
	noAbort := in.has("--no-abort")
	if noAbort && in.has("--abort-on-failure") {
		return nil, errors.New("either --abort-on-failure or --no-abort can be had, not both")
	}
	if noAbort {
		options["abort"] = "false"
	}
	return options, nil
}

// rollingRestart has processes restarted one after the other, and tells of each.
// The daemon goes on with it if we go away.
func (s *session) rollingRestart(ctx context.Context, in arguments) error {
	options, err := in.rollingOptions()
	if err != nil {
		s.rejectFlags(err)
		return nil
	}
	names, err := s.expandAll(ctx, in.words)
	if err != nil {
		return err
	}
	_, err = s.runOperation(ctx, "rolling-restart", "rollingRestart", names, options)
	return err
}

// isCountChange reports whether a word says how many processes less there shall be.
func isCountChange(word string, _ int) bool {
	_, ok := parseInt(word)
	return ok
}

func (s *session) scale(ctx context.Context, in arguments) error {
	words := in.words
	if len(words) != 2 {
		s.printError("Error: scale takes a program and a number")
		return nil
	}
	_, err := s.runOperation(ctx, words[0], "scaleProgram", words[0], words[1])
	return err
}

// runOperation begins something that the daemon does by itself, and shows how it gets
// on. What is refused is told of as being of what. ok tells whether all went well.
func (s *session) runOperation(ctx context.Context, what, method string, args ...any) (ok bool, err error) {
	var id string
	err = s.call(ctx, method, &id, args...)
	if s.printFault(what, err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return s.followOperation(ctx, what, id)
}

// printFault says why something can't be begun, if the error is a fault.
func (s *session) printFault(what string, err error) bool {
	fault, isFault := errors.AsType[*xmlrpc.Fault](err)
	if isFault {
		if _, name, named := strings.Cut(fault.Text, ": "); named && fault.Code == faults.BadName {
			what = name
		}
		s.printError(what + ": ERROR (" + strings.TrimPrefix(faultReason(fault), what+": ") + ")")
	}
	return isFault
}

func faultReason(fault *xmlrpc.Fault) string {
	switch fault.Code {
	case faults.BadName:
		return "no such process or group"
	case faults.UnknownMethod:
		return "this supervisord does not know how to"
	case faults.ShutdownState:
		return "supervisor shutting down"
	default:
		return strings.TrimPrefix(fault.Text, fault.Code.String()+": ")
	}
}

// followOperation shows the lines of an operation until it has ended.
func (s *session) followOperation(ctx context.Context, what, id string) (ok bool, err error) {
	for next := 0; ; {
		var op api.Operation
		err := s.call(ctx, "followOperation", &op, id, next)
		if hasCode(err, faults.BadName) {
			s.printError(what + ": ERROR (supervisord has been replaced in the middle of it; what was not done yet stays as it was)")
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for _, line := range op.Lines {
			s.print(line.String())
		}
		next = op.Next
		if op.Ended {
			if op.Failed {
				s.exit = exitGeneric
			}
			return !op.Failed, nil
		}
	}
}

// updateGroup brings an active group to its new configuration: process by process
// where the daemon does so, else as Supervisor does it.
func (s *session) updateGroup(ctx context.Context, group string) error {
	var id string
	err := s.call(ctx, "updateProcessGroup", &id, group)
	if hasCode(err, faults.UnknownMethod) {
		return s.replace(ctx, group)
	}
	if hasCode(err, faults.Failed) {
		s.printFault(group, err)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.followOperation(ctx, group, id)
	return err
}

// updateWith is update with flags.
func (s *session) updateWith(ctx context.Context, in arguments) error {
	options, err := in.rollingOptions()
	other := maps.Clone(in.flags)
	delete(other, "--plan")
	delete(other, "--json")
	switch {
	case err != nil:
	case in.has("--plan") && len(other) > 0:
		err = errors.New("--plan does nothing, so that nothing but --json goes with it")
	case in.has("--json") && !in.has("--plan"):
		err = errors.New("--json is for --plan")
	case !in.has("--plan") && !in.has("--rolling"):
		err = errors.New("how processes take turns is for --rolling")
	}
	if err != nil {
		s.rejectFlags(err)
		return nil
	}
	if in.has("--plan") {
		return s.plan(ctx, in.words, in.has("--json"))
	}
	return s.updateAll(ctx, in.words, func(ctx context.Context, group string) error {
		ok, err := s.runOperation(ctx, group, "updateProcessGroup", group, true, options)
		if err == nil && !ok {
			err = errUpdateAborted
		}
		return err
	})
}

// errUpdateAborted ends an update in which something failed, as has been said.
var errUpdateAborted = errors.New("given up")
