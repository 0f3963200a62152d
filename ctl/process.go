package ctl

import (
	"context"
	"errors"
	"slices"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/xmlrpc"
)

// verb is something that is done to processes by name, by group or to all,
// and how its outcomes are worded.
type verb struct {
	one, group, all string // the methods; a verb without group knows only processes
	done            string // said of a success

	faultTexts   map[faults.Code]string // put in "name: ERROR (…)"
	rawFault     faults.Code            // the fault whose own text is the whole line
	ignoredFault faults.Code            // the fault that leaves the exit status alone
	showReason   bool                   // FAILED's text is said without the word
	noGroupExit  int                    // exit status for an unknown group
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
		noGroupExit:  exitUsage,
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
		noGroupExit: exitGeneric,
	}
}

func processActions() []action {
	return []action{
		{
			name: "start",
			help: []string{
				"start <name>\t\tStart a process",
				"start <gname>:*\t\tStart all processes in a group",
				"start <name> <name>\tStart multiple processes or groups",
				"start all\t\tStart all processes",
			},
			upCheck: true, minArgs: 1, requires: "a process name", usageExit: exitUsage,
			flags:     []actionFlag{{name: "--no-deps", help: "Start nothing that the processes depend on"}},
			completes: completeProcesses,
			run:       (*session).start,
		},
		{
			name: "stop",
			help: []string{
				"stop <name>\t\tStop a process",
				"stop <gname>:*\t\tStop all processes in a group",
				"stop <name> <name>\tStop multiple processes or groups",
				"stop all\t\tStop all processes",
			},
			upCheck: true, minArgs: 1, requires: "a process name",
			flags:     []actionFlag{{name: "--now", help: "End the processes with SIGKILL, as kill does"}},
			completes: completeProcesses,
			run:       (*session).stop,
		},
		{
			name: "restart",
			help: []string{
				"restart <name>\t\tRestart a process",
				"restart <gname>:*\tRestart all processes in a group",
				"restart <name> <name>\tRestart multiple processes or groups",
				"restart all\t\tRestart all processes",
				"Note: restart does not reread config files. For that, see reread and update.",
			},
			upCheck: true, minArgs: 1, requires: "a process name",
			completes: completeProcesses,
			run:       (*session).restart,
		},
		{
			name: "signal",
			help: []string{
				"signal <signal name> <name>\t\tSignal a process",
				"signal <signal name> <gname>:*\t\tSignal all processes in a group",
				"signal <signal name> <name> <name>\tSignal multiple processes or groups",
				"signal <signal name> all\t\tSignal all processes",
			},
			upCheck: true, minArgs: 2, requires: "a signal name and a process name",
			suggest:   signalName,
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.apply(ctx, signalVerb(), in.words[1:], in.words[0])
			},
		},
	}
}

// signalName is the signal of a word such as "-HUP", which kill(1) takes.
func signalName(word string) string {
	name := strings.TrimPrefix(word, "-")
	if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return ""
	}
	return name
}

// restart stops everything named, then starts everything named. What was at
// rest is started too; the configuration is not read again.
func (s *session) restart(ctx context.Context, in arguments) error {
	if err := s.apply(ctx, stopVerb(), in.words); err != nil {
		return err
	}
	return s.apply(ctx, startVerb(), in.words)
}

// apply applies a verb to the names one after the other. Further arguments of
// the methods follow the name.
func (s *session) apply(ctx context.Context, v verb, names []string, args ...any) error {
	if slices.Contains(names, "all") {
		return s.applyMany(ctx, v, v.all, args...)
	}
	for _, name := range names {
		apply := s.applyOne
		if v.group != "" && namespec.Parse(name).WholeGroup() {
			apply = s.applyGroup
		}
		if err := apply(ctx, v, name, args...); err != nil {
			return err
		}
	}
	return nil
}

// applyMany makes a call that tells of many processes, in the order in which
// they were done.
func (s *session) applyMany(ctx context.Context, v verb, method string, args ...any) error {
	var results []api.CallResult
	if err := s.call(ctx, method, &results, args...); err != nil {
		return err
	}
	for _, r := range results {
		s.printResult(v, namespec.Join(r.Group, r.Name), faults.Code(r.Status), r.Description)
	}
	s.showNotes()
	return nil
}

func (s *session) applyGroup(ctx context.Context, v verb, name string, args ...any) error {
	group := namespec.Parse(name).Group
	err := s.applyMany(ctx, v, v.group, slices.Insert(args, 0, any(group))...)
	if hasCode(err, faults.BadName) {
		s.printf("%s: ERROR (no such group)", group)
		s.exit = v.noGroupExit
		return nil
	}
	return err
}

func (s *session) applyOne(ctx context.Context, v verb, name string, args ...any) error {
	shown := name
	if spec := namespec.Parse(name); !spec.WholeGroup() {
		shown = spec.String()
	}
	err := s.command(ctx, v.one, slices.Insert(args, 0, any(name))...)
	if fault, ok := errors.AsType[*xmlrpc.Fault](err); ok {
		s.printResult(v, shown, fault.Code, fault.Text)
		return nil
	}
	if err == nil {
		s.printResult(v, shown, faults.Success, "")
		s.showNotes()
	}
	return err
}

// printResult prints what came of one process. A fault that the verb has no words
// for shows its own text.
func (s *session) printResult(v verb, name string, code faults.Code, text string) {
	words, known := v.faultTexts[code]
	switch {
	case code == faults.Success:
		s.printf("%s: %s", name, v.done)
	case code == v.rawFault:
		s.print(text)
	case known:
		s.printf("%s: ERROR (%s%s)", name, words, dependencyFailure(code, text))
	case v.showReason && code == faults.Failed:
		s.printf("%s: ERROR (%s)", name, strings.TrimPrefix(text, code.String()+": "))
	default:
		s.printf("%s: ERROR (%s)", name, text)
	}
	s.setExit(code, v.ignoredFault)
}
