package control

import (
	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
)

func refreshVerb() verb {
	return verb{
		one: "refreshProcess", group: "refreshProcessGroup", all: "refreshAllProcesses",
		done: "refreshed",
		faultTexts: map[faults.Code]string{
			faults.BadName:       "no such process",
			faults.NotRunning:    "not running",
			faults.UnknownMethod: session.NotSupported,
		},
		showReason:  true,
		noGroupExit: session.ExitGeneric,
	}
}

// refreshActions returns an action that Supervisor does not have. It is hidden
// from clients that compare the list of actions with Supervisor's.
func refreshActions() []session.Action {
	return []session.Action{{
		Spec: action.Spec{
			Name:  "refresh",
			Topic: action.TopicChange, Short: "run reload_signal or reload_command",
			Help: []string{
				"refresh <name>\t\tMake a process read its own configuration again, as its options",
				"\t\t\treload_check, reload_signal and reload_command say",
				"refresh <gname>:*\tRefresh all processes in a group that have such options",
				"refresh <name> <name>\tRefresh multiple processes or groups",
				"refresh all\t\tRefresh all processes that have such options",
			},
			Hidden: true, MinArgs: 1, Requires: "a process name",
			Completes: action.CompleteProcesses,
		},
		UpCheck: true, Run: refreshVerb().run,
	}}
}
