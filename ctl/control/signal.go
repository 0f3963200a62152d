package control

import (
	"context"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
)

func signalVerb() verb {
	return verb{
		one: "signalProcess", group: "signalProcessGroup", all: "signalAllProcesses",
		done: "signalled",
		faultTexts: map[faults.Code]string{
			faults.BadName:    "no such process",
			faults.BadSignal:  "bad signal name",
			faults.NotRunning: "not running",
		},
		rawFault:    faults.Failed,
		noGroupExit: session.ExitGeneric,
	}
}

// clearVerb has no group form: the daemon offers none, and no process has a name
// such as "web:*".
func clearVerb() verb {
	return verb{
		one: "clearProcessLogs", all: "clearAllProcessLogs",
		done: "cleared",
		faultTexts: map[faults.Code]string{
			faults.BadName: "no such process",
			faults.Failed:  "failed",
		},
	}
}

func signalActions() []session.Action {
	return []session.Action{
		{
			Spec: action.Spec{
				Name: "signal",
				Help: []string{
					"signal <signal name> <name>\t\tSignal a process",
					"signal <signal name> <gname>:*\t\tSignal all processes in a group",
					"signal <signal name> <name> <name>\tSignal multiple processes or groups",
					"signal <signal name> all\t\tSignal all processes",
				},
				MinArgs: 2, Requires: "a signal name and a process name",
				Suggest:   signalName,
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: signal,
		},
		{
			Spec: action.Spec{
				Name: "clear",
				Help: []string{
					"clear <name>\t\tClear a process' log files.",
					"clear <name> <name>\tClear multiple process' log files",
					"clear all\t\tClear all process' log files",
				},
				MinArgs: 1, Requires: "a process name",
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: clearVerb().run,
		},
	}
}

func signal(ctx context.Context, s *session.Session, in action.Arguments) error {
	return signalVerb().apply(ctx, s, in.Words[1:], in.Words[0])
}

// signalName returns the signal that a word such as "-HUP" means to kill(1), ""
// if it means none.
func signalName(word string) string {
	name := strings.TrimPrefix(word, "-")
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return ""
	}
	return name
}
