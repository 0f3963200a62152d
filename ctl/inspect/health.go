package inspect

import (
	"context"
	"fmt"
	"strings"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
)

// healthActions returns an action that Supervisor does not have. It is hidden from
// clients that compare the list of actions with Supervisor's.
func healthActions() []session.Action {
	return []session.Action{{
		Spec: action.Spec{
			Name:  "health",
			Topic: action.TopicSee, Short: "show readiness and health",
			Help: []string{
				"health\t\t\tShow the readiness and health of all processes with ready= or health=,",
				"\t\t\tsince when, and what is wrong",
				"health <name> [...]\tShow it for some processes; <gname>:* means a group",
				"Note: the exit status is 1 if one of them is not ready or not healthy.",
			},
			Hidden: true, Completes: action.CompleteProcesses,
		},
		UpCheck: true, Run: health,
	}}
}

// health prints a line for each process, in the form of status.
func health(ctx context.Context, s *session.Session, in action.Arguments) error {
	var all []api.Health
	switch err := s.Call(ctx, "getProcessHealth", &all); {
	case session.HasCode(err, faults.UnknownMethod):
		s.PrintError("health: ERROR (" + session.NotSupported + ")")
		return nil
	case err != nil:
		return err
	}
	if names := in.Words; !action.MeansAll(names) {
		all = selectHealth(s, all, names)
	}
	fullName := func(h api.Health) string { return namespec.Join(h.Group, h.Name) }
	width := nameColumn(all, fullName)
	var b strings.Builder
	for _, h := range all {
		line := fmt.Sprintf("%-*s%-12s%-16s%s", width, fullName(h), h.Condition, since(h), h.Error)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		if h.Condition != "ready" && h.Condition != "healthy" {
			s.SetExit(session.ExitGeneric)
		}
	}
	s.Write(b.String())
	return nil
}

// selectHealth returns the processes that are named, and reports names that fit
// none.
func selectHealth(s *session.Session, all []api.Health, names []string) []api.Health {
	var list []api.Health
	for _, name := range names {
		spec := namespec.Parse(name)
		before := len(list)
		for _, h := range all {
			if h.Group == spec.Group && (spec.WholeGroup() || h.Name == spec.Process) {
				list = append(list, h)
			}
		}
		if len(list) == before {
			s.PrintError(name + ": ERROR (no such process with ready= or health=)")
		}
	}
	return list
}

// since returns how long the condition has held, in the form of status, "" if
// that is not known.
func since(h api.Health) string {
	if h.Since == 0 {
		return ""
	}
	d := time.Duration(max(h.Now-h.Since, 0)) * time.Second
	return fmt.Sprintf("for %d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}
