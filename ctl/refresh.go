package ctl

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
)

func refreshVerb() verb {
	return verb{
		one: "refreshProcess", group: "refreshProcessGroup", all: "refreshAllProcesses",
		done: "refreshed",
		faultTexts: map[faults.Code]string{
			faults.BadName:       "no such process",
			faults.NotRunning:    "not running",
			faults.UnknownMethod: "this supervisord does not know how to",
		},
		showReason:  true,
		noGroupExit: exitGeneric,
	}
}

// refreshActions are about what Supervisor does not have. They are hidden from
// clients that compare the list with Supervisor's.
func refreshActions() []action {
	return []action{
		{
			name: "refresh",
			help: []string{
				"refresh <name>\t\tHave a process read its own configuration again (reload_check, reload_signal, reload_command)",
				"refresh <gname>:*\tHave those of a group do so that can",
				"refresh <name> <name>\tHave multiple processes or groups do so",
				"refresh all\t\tHave all processes do so that can",
			},
			hidden: true, upCheck: true, minArgs: 1, requires: "a process name",
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, in arguments) error {
				return s.apply(ctx, refreshVerb(), in.words)
			},
		},
		{
			name: "env",
			help: []string{
				"env <name>\t\tShow the variables that a process would be started with now, secrets masked",
				"env <name> --reveal\tShow the secrets too",
				"env <name> --source\tShow where each variable comes from, too",
			},
			hidden: true, upCheck: true, minArgs: 1, requires: "a process name",
			flags: []actionFlag{
				{name: "--reveal", help: "Show the secrets too"},
				{name: "--source", help: "Show where each variable comes from"},
			},
			completes: completeProcesses,
			run:       (*session).env,
		},
	}
}

// env shows the variables of processes, ordered by name.
func (s *session) env(ctx context.Context, in arguments) error {
	names := in.words
	for _, name := range names {
		var list []api.Variable
		err := s.call(ctx, "getProcessEnvironment", &list, name, in.has("--reveal"))
		switch {
		case hasCode(err, faults.BadName):
			s.printError(namespec.Parse(name).String() + ": ERROR (no such process)")
			continue
		case hasCode(err, faults.Failed):
			s.printError(namespec.Parse(name).String() + ": ERROR (" + strings.TrimPrefix(faultText(err), faults.Failed.String()+": ") + ")")
			continue
		case err != nil:
			return err
		}
		if len(names) > 1 {
			s.print("==> " + namespec.Parse(name).String() + " <==")
		}
		s.showVariables(list, in.has("--source"))
	}
	return nil
}

func (s *session) showVariables(list []api.Variable, sources bool) {
	slices.SortFunc(list, func(a, b api.Variable) int { return cmp.Compare(a.Name, b.Name) })
	for _, v := range list {
		line := v.Name + "=" + v.Value
		if sources {
			line += "\t(" + v.Source + ")"
		}
		s.print(line)
	}
}
