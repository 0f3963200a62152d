package ctl

import (
	"context"
	"strings"

	"supervisor/supervisord/faults"
)

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
			name: "reset",
			help: []string{
				"reset <name>\t\tForget how often a process has been restarted and has failed to start",
				"reset <gname>:*\t\tForget it of all processes in a group",
				"reset <name> <name>\tForget it of multiple processes or groups",
				"reset all\t\tForget it of all processes",
			},
			hidden: true, upCheck: true, needs: 1, wants: "a process name",
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, arg string) error {
				return s.each(ctx, resetting(), strings.Fields(arg))
			},
		},
	}
}
