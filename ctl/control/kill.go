package control

import (
	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
)

func killVerb() verb {
	v := stopVerb()
	v.one, v.group, v.all = "killProcess", "killProcessGroup", "killAllProcesses"
	v.faultTexts[faults.UnknownMethod] = session.NotSupported
	v.done = "killed"
	return v
}

func resetVerb() verb {
	return verb{
		one: "resetProcess", group: "resetProcessGroup", all: "resetAllProcesses",
		done:        "reset",
		faultTexts:  map[faults.Code]string{faults.BadName: "no such process", faults.UnknownMethod: session.NotSupported},
		noGroupExit: session.ExitGeneric,
	}
}

// killActions returns actions that Supervisor does not have. They are hidden from
// clients that compare the list of actions with Supervisor's.
func killActions() []session.Action {
	return []session.Action{
		{
			Spec: action.Spec{
				Name:  "kill",
				Topic: action.TopicChange, Short: "kill processes with SIGKILL",
				Help: []string{
					"kill <name>\t\tKill a process with SIGKILL, and the processes that its stop_scope selects",
					"kill <gname>:*\t\tKill all processes in a group",
					"kill <name> <name>\tKill multiple processes or groups",
					"kill all\t\tKill all processes",
					"Note: stop --now does the same.",
				},
				Hidden: true, MinArgs: 1, Requires: "a process name",
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: killVerb().run,
		},
		{
			Spec: action.Spec{
				Name:  "reset",
				Topic: action.TopicChange, Short: "reset the counts of restarts",
				Help: []string{
					"reset <name>\t\tReset the counts of restarts and failed starts of a process",
					"reset <gname>:*\t\tReset those of all processes in a group",
					"reset <name> <name>\tReset those of multiple processes or groups",
					"reset all\t\tReset those of all processes",
				},
				Hidden: true, MinArgs: 1, Requires: "a process name",
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: resetVerb().run,
		},
	}
}
