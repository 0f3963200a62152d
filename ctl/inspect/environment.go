package inspect

import (
	"cmp"
	"context"
	"slices"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
)

// environmentActions returns an action that Supervisor does not have. It is hidden
// from clients that compare the list of actions with Supervisor's.
func environmentActions() []session.Action {
	return []session.Action{{
		Spec: action.Spec{
			Name:  "env",
			Topic: action.TopicSee, Short: "show the environment of a process",
			Help: []string{
				"env <name>\t\tShow the variables that a process would be started with now, secrets masked",
				"env <name> --reveal\tShow the secrets too",
				"env <name> --source\tShow where each variable comes from, too",
			},
			Hidden: true, MinArgs: 1, Requires: "a process name",
			Flags: []action.Flag{
				{Name: "--reveal", Help: "Show the secrets too"},
				{Name: "--source", Help: "Show where each variable comes from"},
			},
			Completes: action.CompleteProcesses,
		},
		UpCheck: true, Run: environment,
	}}
}

// environment prints the variables of processes in the order of their names.
func environment(ctx context.Context, s *session.Session, in action.Arguments) error {
	names := in.Words
	for _, name := range names {
		var list []api.Variable
		err := s.Call(ctx, "getProcessEnvironment", &list, name, in.Has("--reveal"))
		switch {
		case session.HasCode(err, faults.BadName):
			s.PrintError(namespec.Parse(name).String() + ": ERROR (no such process)")
			continue
		case session.HasCode(err, faults.Failed):
			s.PrintError(namespec.Parse(name).String() + ": ERROR (" + session.FaultDetail(err) + ")")
			continue
		case err != nil:
			return err
		}
		if len(names) > 1 {
			s.Print("==> " + namespec.Parse(name).String() + " <==")
		}
		printVariables(s, list, in.Has("--source"))
	}
	return nil
}

func printVariables(s *session.Session, list []api.Variable, sources bool) {
	slices.SortFunc(list, func(a, b api.Variable) int { return cmp.Compare(a.Name, b.Name) })
	for _, v := range list {
		line := v.Name + "=" + v.Value
		if sources {
			line += "\t(" + v.Source + ")"
		}
		s.Print(line)
	}
}
