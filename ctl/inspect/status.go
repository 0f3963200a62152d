package inspect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/namespec"
)

// Actions returns the actions of the package.
func Actions() []session.Action {
	return slices.Concat(
		statusActions(), daemonActions(), crashActions(), healthActions(), graphActions(), environmentActions(), socketActions())
}

func statusActions() []session.Action {
	return []session.Action{
		{
			Spec: action.Spec{
				Name: "status",
				Help: []string{
					"status <name>\t\tGet status for a single process",
					"status <gname>:*\tGet status for all processes in a group",
					"status <name> <name>\tGet status for multiple named processes",
					"status\t\t\tGet all process status info",
				},
				Flags: []action.Flag{
					{Name: "-v", Help: "Show the causes of each state below it"},
					{Name: "--json", Help: "Write the status as JSON"},
					{Name: "--watch", Help: "Show the status again whenever it changes, until Ctrl-C"},
				},
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, DownExit: session.ExitUnknown, Run: status,
		},
		{
			Spec: action.Spec{
				Name:  "why",
				Topic: action.TopicSee, Short: "show why processes are in their states",
				Help: []string{
					"why <name> [...]\tShow why processes are in their states, a line for each cause",
					"why all\t\t\tShow it for all processes; status -v shows it below the status",
					"why <name> --json\tWrite it as JSON; status has --json, too",
				},
				Hidden:  true, // from clients that compare the list of actions with Supervisor's
				MinArgs: 1, Requires: "a process name",
				Flags:     []action.Flag{{Name: "--json", Help: "Write the causes as JSON"}},
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: why,
		},
	}
}

func status(ctx context.Context, s *session.Session, in action.Arguments) error {
	if in.Has("--watch") {
		return watchStatus(ctx, s, in)
	}
	return showStatus(ctx, s, in)
}

// showStatus lists processes. Messages about unknown names come first. If a listed
// process is not running, that decides the exit status.
func showStatus(ctx context.Context, s *session.Session, in action.Arguments) error {
	names, verbose := in.Words, in.Has("-v")
	var infos []api.ProcessInfo
	if err := s.Call(ctx, "getAllProcessInfo", &infos); err != nil {
		return err
	}
	var causes map[string][]api.Reason
	if verbose {
		if err := s.Call(ctx, "getAllProcessCauses", &causes); err != nil {
			return err
		}
		infos = withUnconfigured(ctx, s, infos, causes)
	}
	if in.Has("--json") {
		shown, err := printJSON(ctx, s, infos, names, causes)
		setStoppedExit(s, shown)
		return err
	}
	if !action.MeansAll(names) {
		infos = selectProcesses(s, infos, names)
	}
	setStoppedExit(s, infos)
	if !s.IsTerminal() {
		s.Write(statusTable(infos, causes))
		return nil
	}
	past, err := pastRuns(ctx, s)
	if err != nil {
		return err
	}
	fmt.Fprint(s.Out(), terminalTable(infos, causes, past, s.Width(), s.UsesColor()))
	return nil
}

// withUnconfigured adds the processes that still run but are not configured any
// more. The list of all processes leaves them out, since Supervisor would not know
// of them.
func withUnconfigured(ctx context.Context, s *session.Session, infos []api.ProcessInfo, causes map[string][]api.Reason) []api.ProcessInfo {
	listed := make(map[string]bool, len(infos))
	for _, info := range infos {
		listed[namespec.Join(info.Group, info.Name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(causes)) {
		var info api.ProcessInfo
		// The call fails if the process has ended since.
		if !listed[name] && s.Call(ctx, "getProcessInfo", &info, name) == nil {
			infos = append(infos, info)
		}
	}
	return infos
}

// setStoppedExit sets the exit status if one of the listed processes is not
// running.
func setStoppedExit(s *session.Session, infos []api.ProcessInfo) {
	if slices.ContainsFunc(infos, func(i api.ProcessInfo) bool { return i.State.IsStopped() }) {
		s.SetExit(session.ExitSomeStopped)
	}
}

// why prints the state of each process, and below it the causes.
func why(ctx context.Context, s *session.Session, in action.Arguments) error {
	names := in.Words
	var infos []api.ProcessInfo
	if err := s.Call(ctx, "getAllProcessInfo", &infos); err != nil {
		return err
	}
	var causes map[string][]api.Reason
	if err := s.Call(ctx, "getAllProcessCauses", &causes); err != nil {
		return err
	}
	infos = withUnconfigured(ctx, s, infos, causes)
	if in.Has("--json") {
		_, err := printJSON(ctx, s, infos, names, causes)
		return err
	}
	if !action.MeansAll(names) {
		infos = selectProcesses(s, infos, names)
	}
	for _, info := range infos {
		name := namespec.Join(info.Group, info.Name)
		s.Printf("%s: %s", name, info.StateName)
		for _, cause := range causes[name] {
			s.Printf("    %s: %s", cause.Kind, cause.Text)
		}
	}
	return nil
}

// selectProcesses returns the processes in the order of the names, as often as
// they are named, and reports names that fit none.
func selectProcesses(s *session.Session, all []api.ProcessInfo, names []string) []api.ProcessInfo {
	var infos []api.ProcessInfo
	for _, name := range names {
		found, reason := findProcesses(all, name)
		infos = append(infos, found...)
		if reason == "" {
			continue
		}
		if spec := namespec.Parse(name); spec.WholeGroup() {
			name = spec.Group
		}
		s.Printf("%s: ERROR (%s)", name, reason)
		s.SetExit(session.ExitUnknown)
	}
	return infos
}

// findProcesses returns the processes that a name stands for, or why there are
// none.
func findProcesses(all []api.ProcessInfo, name string) (found []api.ProcessInfo, reason string) {
	spec := namespec.Parse(name)
	for _, i := range all {
		if i.Group == spec.Group && (spec.WholeGroup() || i.Name == spec.Process) {
			found = append(found, i)
		}
	}
	switch {
	case len(found) > 0:
		return found, ""
	case spec.WholeGroup():
		return nil, "no such group"
	}
	return nil, "no such process"
}

// statusTable returns a line for each process, and below it the causes of its
// state if causes has any.
func statusTable(infos []api.ProcessInfo, causes map[string][]api.Reason) string {
	fullName := func(i api.ProcessInfo) string { return namespec.Join(i.Group, i.Name) }
	width := nameColumn(infos, fullName)
	var b strings.Builder
	for _, info := range infos {
		name := fullName(info)
		fmt.Fprintf(&b, "%-*s%-10s%s\n", width, name, info.StateName, info.Description)
		for _, cause := range causes[name] {
			fmt.Fprintf(&b, "    %s: %s\n", cause.Kind, cause.Text)
		}
	}
	return b.String()
}

// nameColumn returns the width of a column of names, as Supervisor chooses it:
// 30, or the longest name, and three blanks.
func nameColumn[T any](list []T, name func(T) string) int {
	width := 30
	for _, item := range list {
		width = max(width, utf8.RuneCountInString(name(item)))
	}
	return width + 3
}
