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

	words    map[faults.Code]string // put in "name: ERROR (…)"
	bare     faults.Code            // the fault whose own text is the whole line
	harmless faults.Code            // the fault that leaves the exit status alone
	saysWhy  bool                   // FAILED's text is said without the word
	noGroup  int                    // exit status for an unknown group
}

func starting() verb {
	return verb{
		one: "startProcess", group: "startProcessGroup", all: "startAllProcesses",
		done: "started",
		words: map[faults.Code]string{
			faults.BadName:             "no such process",
			faults.NoFile:              "no such file",
			faults.NotExecutable:       "file is not executable",
			faults.AlreadyStarted:      "already started",
			faults.SpawnError:          "spawn error",
			faults.AbnormalTermination: "abnormal termination",
		},
		harmless: faults.AlreadyStarted,
		noGroup:  exitUsage,
	}
}

func stopping() verb {
	v := signalling()
	v.one, v.group, v.all = "stopProcess", "stopProcessGroup", "stopAllProcesses"
	v.done = "stopped"
	v.harmless = faults.NotRunning
	return v
}

func signalling() verb {
	return verb{
		one: "signalProcess", group: "signalProcessGroup", all: "signalAllProcesses",
		done: "signalled",
		words: map[faults.Code]string{
			faults.BadName:    "no such process",
			faults.BadSignal:  "bad signal name",
			faults.NotRunning: "not running",
		},
		bare:    faults.Failed,
		noGroup: exitGeneric,
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
			upCheck: true, needs: 1, wants: "a process name", misuse: exitUsage,
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
			upCheck: true, needs: 1, wants: "a process name",
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
			upCheck: true, needs: 1, wants: "a process name",
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
			upCheck: true, needs: 2, wants: "a signal name and a process name",
			instead:   signalName,
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.each(ctx, signalling(), in.words[1:], in.words[0])
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
	if err := s.each(ctx, stopping(), in.words); err != nil {
		return err
	}
	return s.each(ctx, starting(), in.words)
}

// each applies a verb to the names one after the other. Further arguments of
// the methods follow the name.
func (s *session) each(ctx context.Context, v verb, names []string, args ...any) error {
	if slices.Contains(names, "all") {
		return s.together(ctx, v, v.all, args...)
	}
	for _, name := range names {
		apply := s.one
		if v.group != "" && namespec.Parse(name).WholeGroup() {
			apply = s.group
		}
		if err := apply(ctx, v, name, args...); err != nil {
			return err
		}
	}
	return nil
}

// together makes a call that tells of many processes, in the order in which
// they were done.
func (s *session) together(ctx context.Context, v verb, method string, args ...any) error {
	var results []api.CallResult
	if err := s.call(ctx, method, &results, args...); err != nil {
		return err
	}
	for _, r := range results {
		s.outcome(v, namespec.Join(r.Group, r.Name), faults.Code(r.Status), r.Description)
	}
	s.showNotes()
	return nil
}

func (s *session) group(ctx context.Context, v verb, name string, args ...any) error {
	group := namespec.Parse(name).Group
	err := s.together(ctx, v, v.group, slices.Insert(args, 0, any(group))...)
	if hasCode(err, faults.BadName) {
		s.printf("%s: ERROR (no such group)", group)
		s.exit = v.noGroup
		return nil
	}
	return err
}

func (s *session) one(ctx context.Context, v verb, name string, args ...any) error {
	shown := name
	if spec := namespec.Parse(name); !spec.WholeGroup() {
		shown = spec.String()
	}
	err := s.command(ctx, v.one, slices.Insert(args, 0, any(name))...)
	if fault, ok := errors.AsType[*xmlrpc.Fault](err); ok {
		s.outcome(v, shown, fault.Code, fault.Text)
		return nil
	}
	if err == nil {
		s.outcome(v, shown, faults.Success, "")
		s.showNotes()
	}
	return err
}

// outcome prints what came of one process. A fault that the verb has no words
// for shows its own text.
func (s *session) outcome(v verb, name string, code faults.Code, text string) {
	words, known := v.words[code]
	switch {
	case code == faults.Success:
		s.printf("%s: %s", name, v.done)
	case code == v.bare:
		s.print(text)
	case known:
		s.printf("%s: ERROR (%s%s)", name, words, because(code, text))
	case v.saysWhy && code == faults.Failed:
		s.printf("%s: ERROR (%s)", name, strings.TrimPrefix(text, code.String()+": "))
	default:
		s.printf("%s: ERROR (%s)", name, text)
	}
	s.note(code, v.harmless)
}
