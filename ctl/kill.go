package ctl

import (
	"context"

	"supervisor/supervisord/api/faults"
)

func killVerb() verb {
	v := stopVerb()
	v.one, v.group, v.all = "killProcess", "killProcessGroup", "killAllProcesses"
	v.faultTexts[faults.UnknownMethod] = "this supervisord does not know how to"
	v.done = "killed"
	return v
}

// stop asks the processes to end, or with --now does not ask.
func (s *session) stop(ctx context.Context, in arguments) error {
	v := stopVerb()
	if in.has("--now") {
		v = killVerb()
		v.done = "stopped"
	}
	return s.apply(ctx, v, in.words)
}

// notesClient is a caller that tells what its last answer said beside the result.
type notesClient interface{ Notes() []string }

// showNotes prints what the last answer said beside the result, as whom a stop
// has left behind.
func (s *session) showNotes() {
	if n, ok := s.server.(notesClient); ok {
		for _, line := range n.Notes() {
			s.print(line)
		}
	}
}

func resetVerb() verb {
	return verb{
		one: "resetProcess", group: "resetProcessGroup", all: "resetAllProcesses",
		done:        "reset",
		faultTexts:  map[faults.Code]string{faults.BadName: "no such process", faults.UnknownMethod: "this supervisord does not know how to"},
		noGroupExit: exitGeneric,
	}
}

// stopActions are what Supervisor does not have. They are hidden from clients
// that compare the list with Supervisor's.
func stopActions() []action {
	return []action{
		{
			name: "kill",
			help: []string{
				"kill <name>		End a process with SIGKILL, and all whom a stop of it is for",
				"kill <gname>:*		End all processes in a group so",
				"kill <name> <name>	End multiple processes or groups so",
				"kill all		End all processes so",
				"Note: stop --now does the same.",
			},
			hidden: true, upCheck: true, minArgs: 1, requires: "a process name",
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.apply(ctx, killVerb(), in.words)
			},
		},
		{
			name: "reset",
			help: []string{
				"reset <name>\t\tForget how often a process has been restarted and has failed to start",
				"reset <gname>:*\t\tForget it of all processes in a group",
				"reset <name> <name>\tForget it of multiple processes or groups",
				"reset all\t\tForget it of all processes",
			},
			hidden: true, upCheck: true, minArgs: 1, requires: "a process name",
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.apply(ctx, resetVerb(), in.words)
			},
		},
	}
}
