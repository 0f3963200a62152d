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

// turnFlags say how processes take turns.
func turnFlags() []actionFlag {
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
			hidden: true, upCheck: true, needs: 1, wants: "a process name",
			flags:     turnFlags(),
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
			hidden: true, upCheck: true, needs: 2, wants: "a program and a number",
			operand:   isChange,
			completes: completeGroups,
			run:       (*session).scale,
		},
	}
}

// turns makes options for the daemon of flags.
func (in arguments) turns() (options map[string]any, err error) {
	options = make(map[string]any)
	for _, name := range []string{"batch", "surge", "pause", "timeout"} {
		if value, ok := in.given["--"+name]; ok {
			options[name] = value
		}
	}
	goOn := in.has("--no-abort")
	if goOn && in.has("--abort-on-failure") {
		return nil, errors.New("either --abort-on-failure or --no-abort can be had, not both")
	}
	if goOn {
		options["abort"] = "false"
	}
	return options, nil
}

// rollingRestart has processes restarted one after the other, and tells of each.
// The daemon goes on with it if we go away.
func (s *session) rollingRestart(ctx context.Context, in arguments) error {
	options, err := in.turns()
	if err != nil {
		s.refuse(err)
		return nil
	}
	names, err := s.spellOut(ctx, in.words)
	if err != nil {
		return err
	}
	_, err = s.operate(ctx, "rolling-restart", "rollingRestart", names, options)
	return err
}

// isChange reports whether a word says how many processes less there shall be.
func isChange(word string, _ int) bool {
	_, ok := parseInt(word)
	return ok
}

func (s *session) scale(ctx context.Context, in arguments) error {
	words := in.words
	if len(words) != 2 {
		s.complain("Error: scale takes a program and a number")
		return nil
	}
	_, err := s.operate(ctx, words[0], "scaleProgram", words[0], words[1])
	return err
}

// operate begins something that the daemon does by itself, and shows how it gets
// on. What is refused is told of as being of what. ok tells whether all went well.
func (s *session) operate(ctx context.Context, what, method string, args ...any) (ok bool, err error) {
	var id string
	err = s.call(ctx, method, &id, args...)
	if s.refused(what, err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return s.follow(ctx, what, id)
}

// refused says why something can't be begun, if the error is a fault.
func (s *session) refused(what string, err error) bool {
	fault, is := errors.AsType[*xmlrpc.Fault](err)
	if is {
		if _, name, named := strings.Cut(fault.Text, ": "); named && fault.Code == faults.BadName {
			what = name
		}
		s.complain(what + ": ERROR (" + strings.TrimPrefix(refusal(fault), what+": ") + ")")
	}
	return is
}

func refusal(fault *xmlrpc.Fault) string {
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

// follow shows the lines of an operation until it has ended.
func (s *session) follow(ctx context.Context, what, id string) (ok bool, err error) {
	for next := 0; ; {
		var op api.Operation
		err := s.call(ctx, "followOperation", &op, id, next)
		if hasCode(err, faults.BadName) {
			s.complain(what + ": ERROR (supervisord has been replaced in the middle of it; what was not done yet stays as it was)")
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
		s.refused(group, err)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.follow(ctx, group, id)
	return err
}

// updateWith is update with flags.
func (s *session) updateWith(ctx context.Context, in arguments) error {
	options, err := in.turns()
	other := maps.Clone(in.given)
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
		s.refuse(err)
		return nil
	}
	if in.has("--plan") {
		return s.plan(ctx, in.words, in.has("--json"))
	}
	return s.updateAll(ctx, in.words, func(ctx context.Context, group string) error {
		ok, err := s.operate(ctx, group, "updateProcessGroup", group, true, options)
		if err == nil && !ok {
			err = errGivenUp
		}
		return err
	})
}

// errGivenUp ends an update in which something failed, as has been said.
var errGivenUp = errors.New("given up")
