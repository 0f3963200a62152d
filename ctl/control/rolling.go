package control

import (
	"context"
	"errors"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/python"
)

// rollingFlags are the flags of a rolling restart or update.
func rollingFlags() []action.Flag {
	return []action.Flag{
		{Name: "--batch", Value: action.Share, Help: "Processes restarted at a time, rolling_batch by default"},
		{Name: "--surge", Value: action.Count, Help: "Extra processes that run meanwhile, rolling_surge by default"},
		{Name: "--pause", Value: action.Duration, Help: "Time between two batches, rolling_pause by default"},
		{Name: "--timeout", Value: action.Duration, Help: "Longest time for a process to stop and be RUNNING again, none by default"},
		{Name: "--abort-on-failure", Help: "Restart no further processes after a failure; this is the default"},
		{Name: "--no-abort", Help: "Go on after a failure"},
	}
}

func rollingActions() []session.Action {
	return []session.Action{
		{
			Spec: action.Spec{
				Name:  "rolling-restart",
				Topic: action.TopicDeploy, Short: "restart processes in batches, without a gap",
				Help: []string{
					"rolling-restart <name> <gname>:* [...]\tRestart processes in batches, each when the one before is RUNNING",
					"rolling-restart all\tRestart all processes in batches, group after group",
					"  --batch 1|25%\t\tProcesses restarted at a time, rolling_batch by default",
					"  --surge 1\t\tExtra processes that run meanwhile, rolling_surge by default",
					"  --pause 5s\t\tTime between two batches, rolling_pause by default",
					"  --timeout 1m\t\tLongest time for a process to stop and be RUNNING again, none by default",
					"  --no-abort\t\tGo on after a failure; by default no further process is restarted",
				},
				Hidden: true, MinArgs: 1, Requires: "a process name",
				Flags:     rollingFlags(),
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: rollingRestart,
		},
		{
			Spec: action.Spec{
				Name:  "scale",
				Topic: action.TopicDeploy, Short: "change the number of processes of a program",
				Help: []string{
					"scale <program> 8\tRun 8 processes of a program, until its group is updated",
					"scale <program> +2\tAdd 2 processes",
					"scale <program> -1\tRemove 1 process, the one with the highest number",
					"\t\t\tIf several groups have a program of that name, use <gname>:<program>",
				},
				Hidden: true, MinArgs: 2, Requires: "a program and a number",
				Operand:   isNumber,
				Completes: action.CompleteGroups,
			},
			UpCheck: true, Run: scale,
		},
	}
}

// rollingOptions turns flags into options for the daemon.
func rollingOptions(in action.Arguments) (options map[string]any, err error) {
	options = make(map[string]any)
	for _, name := range []string{"batch", "surge", "pause", "timeout"} {
		if value, ok := in.Flags["--"+name]; ok {
			options[name] = value
		}
	}
	noAbort := in.Has("--no-abort")
	if noAbort && in.Has("--abort-on-failure") {
		return nil, errors.New("--abort-on-failure and --no-abort exclude each other")
	}
	if noAbort {
		options["abort"] = "false"
	}
	return options, nil
}

// rollingRestart restarts processes in batches and prints the result of each. The
// daemon goes on with it if supervisorctl ends.
func rollingRestart(ctx context.Context, s *session.Session, in action.Arguments) error {
	options, err := rollingOptions(in)
	if err != nil {
		s.RejectFlags(err)
		return nil
	}
	names, err := expandAll(ctx, s, in.Words)
	if err != nil {
		return err
	}
	_, err = runOperation(ctx, s, "rolling-restart", "rollingRestart", names, options)
	return err
}

// isNumber reports whether a word is a number, such as "-1" in "scale web -1".
func isNumber(word string, _ int) bool {
	_, ok := python.ParseInt(word, 10)
	return ok
}

func scale(ctx context.Context, s *session.Session, in action.Arguments) error {
	words := in.Words
	if len(words) != 2 {
		s.PrintError("Error: scale takes a program and a number")
		return nil
	}
	_, err := runOperation(ctx, s, words[0], "scaleProgram", words[0], words[1])
	return err
}

// runOperation starts an operation that the daemon carries out by itself, and
// prints its progress. A refusal is printed with subject in front of it. ok
// reports whether all went well.
func runOperation(ctx context.Context, s *session.Session, subject, method string, args ...any) (ok bool, err error) {
	var id string
	err = s.Call(ctx, method, &id, args...)
	if printFault(s, subject, err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return followOperation(ctx, s, subject, id)
}

// printFault prints why an operation can't be started, if the error is a fault.
func printFault(s *session.Session, subject string, err error) bool {
	fault, isFault := errors.AsType[*xmlrpc.Fault](err)
	if isFault {
		if _, name, named := strings.Cut(fault.Text, ": "); named && fault.Code == faults.BadName {
			subject = name
		}
		s.PrintError(subject + ": ERROR (" + strings.TrimPrefix(faultReason(fault), subject+": ") + ")")
	}
	return isFault
}

func faultReason(fault *xmlrpc.Fault) string {
	switch fault.Code {
	case faults.BadName:
		return "no such process or group"
	case faults.UnknownMethod:
		return session.NotSupported
	case faults.ShutdownState:
		return "supervisor shutting down"
	default:
		return session.FaultDetail(fault)
	}
}

// followOperation prints the lines of an operation until it has ended.
func followOperation(ctx context.Context, s *session.Session, subject, id string) (ok bool, err error) {
	for next := 0; ; {
		var op api.Operation
		err := s.Call(ctx, "followOperation", &op, id, next)
		if session.HasCode(err, faults.BadName) {
			s.PrintError(subject + ": ERROR (supervisord was replaced meanwhile; the remaining processes stay as they were)")
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for _, line := range op.Lines {
			s.Print(line.String())
			if line.Error != "" {
				showLastLines(ctx, s, line.Name)
			}
		}
		next = op.Next
		if op.Ended {
			if op.Failed {
				s.SetExit(session.ExitGeneric)
			}
			return !op.Failed, nil
		}
	}
}
