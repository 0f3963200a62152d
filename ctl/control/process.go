package control

import (
	"context"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
)

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
