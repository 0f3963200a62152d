package control

import (
	"context"
	"slices"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
)

// Actions returns the actions of the package.
func Actions() []session.Action {
	return slices.Concat(
		processActions(), signalActions(), killActions(), refreshActions(), waitActions(),
		groupActions(), rollingActions(), daemonActions())
}

func startVerb() verb {
	return verb{
		one: "startProcess", group: "startProcessGroup", all: "startAllProcesses",
		done: "started",
		faultTexts: map[faults.Code]string{
			faults.BadName:             "no such process",
			faults.NoFile:              "no such file",
			faults.NotExecutable:       "file is not executable",
			faults.AlreadyStarted:      "already started",
			faults.SpawnError:          "spawn error",
			faults.AbnormalTermination: "abnormal termination",
		},
		ignoredFault: faults.AlreadyStarted,
		noGroupExit:  session.ExitUsage,
	}
}

func stopVerb() verb {
	v := signalVerb()
	v.one, v.group, v.all = "stopProcess", "stopProcessGroup", "stopAllProcesses"
	v.done = "stopped"
	v.ignoredFault = faults.NotRunning
	return v
}

func processActions() []session.Action {
	return []session.Action{
		{
			Spec: action.Spec{
				Name: "start",
				Help: []string{
					"start <name>\t\tStart a process",
					"start <gname>:*\t\tStart all processes in a group",
					"start <name> <name>\tStart multiple processes or groups",
					"start all\t\tStart all processes",
				},
				MinArgs: 1, Requires: "a process name",
				Flags:     []action.Flag{{Name: "--no-deps", Help: "Start nothing that the processes depend on"}},
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, UsageExit: session.ExitUsage, Run: start,
		},
		{
			Spec: action.Spec{
				Name: "stop",
				Help: []string{
					"stop <name>\t\tStop a process",
					"stop <gname>:*\t\tStop all processes in a group",
					"stop <name> <name>\tStop multiple processes or groups",
					"stop all\t\tStop all processes",
				},
				MinArgs: 1, Requires: "a process name",
				Flags:     []action.Flag{{Name: "--now", Help: "End the processes with SIGKILL, as kill does"}},
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: stop,
		},
		{
			Spec: action.Spec{
				Name: "restart",
				Help: []string{
					"restart <name>\t\tRestart a process",
					"restart <gname>:*\tRestart all processes in a group",
					"restart <name> <name>\tRestart multiple processes or groups",
					"restart all\t\tRestart all processes",
					"Note: restart does not reread config files. For that, see reread and update.",
				},
				MinArgs: 1, Requires: "a process name",
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: restart,
		},
	}
}

// start starts processes and, unless the flag --no-deps is given, what they
// depend on.
func start(ctx context.Context, s *session.Session, in action.Arguments) error {
	v := startVerb()
	if in.Has("--no-deps") {
		v.one, v.group, v.all = "startProcessAlone", "startProcessGroupAlone", "startAllProcessesAlone"
		v.faultTexts[faults.UnknownMethod] = session.NotSupported
	}
	return v.apply(ctx, s, in.Words)
}

// stop asks processes to end. With --now it kills them.
func stop(ctx context.Context, s *session.Session, in action.Arguments) error {
	v := stopVerb()
	if in.Has("--now") {
		v = killVerb()
		v.done = "stopped"
	}
	return v.apply(ctx, s, in.Words)
}

// restart stops everything named, then starts everything named, stopped processes
// included. It does not read the configuration again.
func restart(ctx context.Context, s *session.Session, in action.Arguments) error {
	if err := stopVerb().apply(ctx, s, in.Words); err != nil {
		return err
	}
	return startVerb().apply(ctx, s, in.Words)
}
