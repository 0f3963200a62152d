package ctl

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/faults"
	"supervisor/supervisord/namespec"
)

func refreshing() verb {
	return verb{
		one: "refreshProcess", group: "refreshProcessGroup", all: "refreshAllProcesses",
		done: "refreshed",
		words: map[faults.Code]string{
			faults.BadName:       "no such process",
			faults.NotRunning:    "not running",
			faults.UnknownMethod: "this supervisord does not know how to",
		},
		saysWhy: true,
		noGroup: exitGeneric,
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
			hidden: true, upCheck: true, needs: 1, wants: "a process name",
			completes: completeProcesses,
			run: func(s *session, ctx context.Context, arg string) error {
				return s.each(ctx, refreshing(), strings.Fields(arg))
			},
		},
		{
			name: "env",
			help: []string{
				"env <name>\t\tShow the variables that a process would be started with now, secrets masked",
				"env <name> --reveal\tShow the secrets too",
				"env <name> --source\tShow where each variable comes from, too",
			},
			hidden: true, upCheck: true, needs: 1, wants: "a process name",
			completes: completeProcesses,
			run:       (*session).env,
		},
	}
}

// env shows the variables of processes, ordered by name.
func (s *session) env(ctx context.Context, arg string) error {
	names, given := flags(arg, "--reveal", "--source")
	if len(names) == 0 || slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "--") }) {
		a, _ := s.find("env")
		s.misused(a, "Error: env requires a process name", exitGeneric)
		return nil
	}
	for _, name := range names {
		var list []api.Variable
		err := s.call(ctx, "getProcessEnvironment", &list, name, given["--reveal"])
		switch {
		case hasCode(err, faults.BadName):
			s.complain(namespec.Parse(name).String() + ": ERROR (no such process)")
			continue
		case hasCode(err, faults.Failed):
			s.complain(namespec.Parse(name).String() + ": ERROR (" + strings.TrimPrefix(faultText(err), faults.Failed.String()+": ") + ")")
			continue
		case err != nil:
			return err
		}
		if len(names) > 1 {
			s.print("==> " + namespec.Parse(name).String() + " <==")
		}
		s.showVariables(list, given["--source"])
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

// flags takes the known flags out of the words of an argument.
func flags(arg string, known ...string) (words []string, given map[string]bool) {
	given = make(map[string]bool)
	for _, word := range strings.Fields(arg) {
		if slices.Contains(known, word) {
			given[word] = true
		} else {
			words = append(words, word)
		}
	}
	return words, given
}
