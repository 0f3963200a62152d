package ctl

import (
	"context"

	"supervisor/supervisord/api/faults"
)

func killing() verb {
	v := stopping()
	v.one, v.group, v.all = "killProcess", "killProcessGroup", "killAllProcesses"
	v.words[faults.UnknownMethod] = "this supervisord does not know how to"
	v.done = "killed"
	return v
}

// stop asks the processes to end, or with --now does not ask.
func (s *session) stop(ctx context.Context, in arguments) error {
	v := stopping()
	if in.has("--now") {
		v = killing()
		v.done = "stopped"
	}
	return s.each(ctx, v, in.words)
}

// noter is a caller that tells what its last answer said beside the result.
type noter interface{ Notes() []string }

// showNotes prints what the last answer said beside the result, as whom a stop
// has left behind.
func (s *session) showNotes() {
	if n, ok := s.server.(noter); ok {
		for _, line := range n.Notes() {
			s.print(line)
		}
	}
}

func resetting() verb {
	return verb{
		one: "resetProcess", group: "resetProcessGroup", all: "resetAllProcesses",
		done:    "reset",
		words:   map[faults.Code]string{faults.BadName: "no such process", faults.UnknownMethod: "this supervisord does not know how to"},
		noGroup: exitGeneric,
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
			hidden: true, upCheck: true, needs: 1, wants: "a process name",
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.each(ctx, killing(), in.words)
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
			hidden: true, upCheck: true, needs: 1, wants: "a process name",
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.each(ctx, resetting(), in.words)
			},
		},
	}
}
