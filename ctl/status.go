package ctl

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
)

func statusActions() []action {
	return []action{
		{
			name: "status",
			help: []string{
				"status <name>\t\tGet status for a single process",
				"status <gname>:*\tGet status for all processes in a group",
				"status <name> <name>\tGet status for multiple named processes",
				"status\t\t\tGet all process status info",
			},
			upCheck:  true,
			downExit: exitUnknown,
			flags: []actionFlag{
				{name: "-v", help: "Show the causes of each state below it"},
				{name: "--json", help: "Write the status as JSON"},
			},
			completes: completeProcesses,
			run:       (*session).status,
		},
		{
			name: "why",
			help: []string{
				"why <name> [...]\tTell why processes are in their states, a line for each cause",
				"why all\t\t\tThe same of all processes; status -v shows it below the status",
				"why <name> --json\tThe same as JSON; there is status --json, too",
			},
			hidden:  true, // from clients that compare the list with Supervisor's
			upCheck: true, minArgs: 1, requires: "a process name",
			flags:     []actionFlag{{name: "--json", help: "Write the causes as JSON"}},
			completes: completeProcesses,
			run:       (*session).why,
		},
		{
			name: "pid",
			help: []string{
				"pid\t\t\tGet the PID of supervisord.",
				"pid <name>\t\tGet the PID of a single child process by name.",
				"pid all\t\t\tGet the PID of every child process, one per line.",
			},
			upCheck:   true,
			completes: completeProcesses,
			run:       (*session).pid,
		},
	}
}

// meansAll tells whether names stand for all there is: none were given, or
// the word "all" is among them, which makes the others meaningless.
func meansAll(names []string) bool { return len(names) == 0 || slices.Contains(names, "all") }

// status lists processes. The messages about unknown names come first, and
// their exit status gives way to that of a process at rest.
func (s *session) status(ctx context.Context, in arguments) error {
	names, verbose := in.words, in.has("-v")
	var infos []api.ProcessInfo
	if err := s.call(ctx, "getAllProcessInfo", &infos); err != nil {
		return err
	}
	var causes map[string][]api.Reason
	if verbose {
		if err := s.call(ctx, "getAllProcessCauses", &causes); err != nil {
			return err
		}
		infos = s.withUnconfigured(ctx, infos, causes)
	}
	if in.has("--json") {
		shown, err := s.showJSON(infos, names, causes)
		s.setStoppedExit(shown)
		return err
	}
	if !meansAll(names) {
		infos = s.selectProcesses(infos, names)
	}
	s.showStatus(infos, causes)
	s.setStoppedExit(infos)
	return nil
}

// withUnconfigured adds the processes that are not configured any more and run still.
// The list of all processes does not have them, since Supervisor would not know
// of them.
func (s *session) withUnconfigured(ctx context.Context, infos []api.ProcessInfo, causes map[string][]api.Reason) []api.ProcessInfo {
	listed := make(map[string]bool, len(infos))
	for _, info := range infos {
		listed[namespec.Join(info.Group, info.Name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(causes)) {
		var info api.ProcessInfo
		if !listed[name] && s.call(ctx, "getProcessInfo", &info, name) == nil { // or it has just ended
			infos = append(infos, info)
		}
	}
	return infos
}

// setStoppedExit makes the exit status tell that not all that was shown runs.
func (s *session) setStoppedExit(infos []api.ProcessInfo) {
	if slices.ContainsFunc(infos, func(i api.ProcessInfo) bool { return i.State.IsStopped() }) {
		s.exit = exitSomeStopped
	}
}

// why tells of each process its state, then the causes.
func (s *session) why(ctx context.Context, in arguments) error {
	names := in.words
	var infos []api.ProcessInfo
	if err := s.call(ctx, "getAllProcessInfo", &infos); err != nil {
		return err
	}
	var causes map[string][]api.Reason
	if err := s.call(ctx, "getAllProcessCauses", &causes); err != nil {
		return err
	}
	infos = s.withUnconfigured(ctx, infos, causes)
	if in.has("--json") {
		_, err := s.showJSON(infos, names, causes)
		return err
	}
	if !meansAll(names) {
		infos = s.selectProcesses(infos, names)
	}
	for _, info := range infos {
		name := namespec.Join(info.Group, info.Name)
		s.printf("%s: %s", name, info.StateName)
		for _, cause := range causes[name] {
			s.printf("    %s: %s", cause.Kind, cause.Text)
		}
	}
	return nil
}

// selectProcesses picks processes in the order of the names, as often as they are
// named, and complains about names that fit none.
func (s *session) selectProcesses(all []api.ProcessInfo, names []string) []api.ProcessInfo {
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
		s.printf("%s: ERROR (%s)", name, reason)
		s.exit = exitUnknown
	}
	return infos
}

// showStatus prints the table in one piece, below each process the causes of its
// state if there are any. The column of names is 30 wide and grows with the
// longest name shown.
func (s *session) showStatus(infos []api.ProcessInfo, causes map[string][]api.Reason) {
	width := 30
	for _, info := range infos {
		width = max(width, utf8.RuneCountInString(namespec.Join(info.Group, info.Name)))
	}
	var b strings.Builder
	for _, info := range infos {
		name := namespec.Join(info.Group, info.Name)
		fmt.Fprintf(&b, "%-*s%-10s%s\n", width+3, name, info.StateName, info.Description)
		for _, cause := range causes[name] {
			fmt.Fprintf(&b, "    %s: %s\n", cause.Kind, cause.Text)
		}
	}
	s.write(b.String())
}

// pid prints the pid of the daemon, of all processes or of those named.
func (s *session) pid(ctx context.Context, in arguments) error {
	names := in.words
	switch {
	case len(names) == 0:
		var pid int
		if err := s.call(ctx, "getPID", &pid); err != nil {
			return err
		}
		s.print(strconv.Itoa(pid))
		return nil
	case meansAll(names):
		return s.allPIDs(ctx)
	}
	for _, name := range names {
		if err := s.onePID(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) allPIDs(ctx context.Context) error {
	var infos []api.ProcessInfo
	if err := s.call(ctx, "getAllProcessInfo", &infos); err != nil {
		return err
	}
	for _, info := range infos {
		s.print(strconv.Itoa(info.PID))
	}
	return nil
}

func (s *session) onePID(ctx context.Context, name string) error {
	var info api.ProcessInfo
	err := s.call(ctx, "getProcessInfo", &info, name)
	if hasCode(err, faults.BadName) {
		s.printError("No such process " + name)
		return nil
	}
	if err != nil {
		return err
	}
	s.print(strconv.Itoa(info.PID))
	if info.PID == 0 {
		s.exit = exitNotRunning
	}
	return nil
}
