package ctl

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
)

// healthActions are about what Supervisor does not have. They are hidden from
// clients that compare the list with Supervisor's.
func healthActions() []action {
	return []action{
		{
			name: "health",
			help: []string{
				"health\t\t\tTell how all programs do that have ready= or health=: since when, and what is wrong",
				"health <name> [...]\tThe same of some; <gname>:* for a group",
				"Note: the exit status is 1 if one of them is not ready or not healthy.",
			},
			hidden: true, upCheck: true, completes: completeProcesses,
			run: (*session).health,
		},
		{
			name: "wait",
			help: []string{
				"wait <name> [...] [--for running|ready|stopped|exited] [--timeout 60s]",
				"\t\t\tWait until processes are what is wanted: ready if it is not said. A process",
				"\t\t\twithout ready= is ready when it is RUNNING. Nothing is started or stopped.",
				"wait <gname>:*\t\tThe same for all processes in a group",
				"wait all\t\tThe same for all processes",
				"Note: the exit status is 0 if they are, and 1 if they were not in time or have been given up.",
			},
			hidden: true, upCheck: true, minArgs: 1, requires: "a process name", usageExit: exitUsage,
			flags: []actionFlag{
				{name: "--for", value: goalValue, help: "What to wait for, ready by default"},
				{name: "--timeout", value: durationValue, help: "Longest time to wait, 60s by default"},
			},
			completes: completeProcesses,
			run:       (*session).wait,
		},
	}
}

const notSupported = "this supervisord does not know how to"

// health shows a line for each process, in the form of status.
func (s *session) health(ctx context.Context, in arguments) error {
	var all []api.Health
	switch err := s.call(ctx, "getProcessHealth", &all); {
	case hasCode(err, faults.UnknownMethod):
		s.printError("health: ERROR (" + notSupported + ")")
		return nil
	case err != nil:
		return err
	}
	if names := in.words; !meansAll(names) {
		all = s.selectHealth(all, names)
	}
	width := 30
	for _, h := range all {
		width = max(width, utf8.RuneCountInString(namespec.Join(h.Group, h.Name)))
	}
	var b strings.Builder
	for _, h := range all {
		line := fmt.Sprintf("%-*s%-12s%-16s%s", width+3, namespec.Join(h.Group, h.Name), h.Condition, since(h), h.Error)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		if h.Condition != "ready" && h.Condition != "healthy" {
			s.exit = exitGeneric
		}
	}
	s.write(b.String())
	return nil
}

// selectHealth picks those that are named, and complains about names that fit none.
func (s *session) selectHealth(all []api.Health, names []string) []api.Health {
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
			s.printError(name + ": ERROR (there is no such process with ready= or health=)")
		}
	}
	return list
}

// since is how long it has been so, as in status.
func since(h api.Health) string {
	if h.Since == 0 {
		return ""
	}
	d := time.Duration(max(h.Now-h.Since, 0)) * time.Second
	return fmt.Sprintf("for %d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

// maxWaitPerCall is the longest time that the server is asked to wait for at once. An
// upgrade of it waits for its answers.
const maxWaitPerCall = 10 * time.Second

// wait waits for all processes, one after the other, within one time.
func (s *session) wait(ctx context.Context, in arguments) error {
	timeout, goal := time.Minute, "ready"
	if text, ok := in.flags["--timeout"]; ok {
		timeout, _ = config.ParseDuration(text) // it has been checked
	}
	if text, ok := in.flags["--for"]; ok {
		goal = text
	}
	names, err := s.expandAll(ctx, in.words)
	if err != nil {
		return err
	}
	started := time.Now()
	for _, name := range names {
		left := timeout
		if timeout < config.Forever {
			left = timeout - time.Since(started)
		}
		if err := s.waitFor(ctx, name, goal, left, timeout); err != nil {
			return err
		}
	}
	return nil
}

// waitFor waits for one process, or all of a group. whole is the time that there
// was for all.
func (s *session) waitFor(ctx context.Context, name, goal string, timeout, total time.Duration) error {
	for started := time.Now(); ; {
		left := max(timeout-time.Since(started), 0)
		if timeout >= config.Forever {
			left = maxWaitPerCall
		}
		var met bool
		err := s.call(ctx, "waitForProcess", &met, name, goal, int(min(left, maxWaitPerCall).Round(10*time.Millisecond)/time.Millisecond))
		switch {
		case hasCode(err, faults.UnknownMethod):
			s.printError("wait: ERROR (" + notSupported + ")")
			return nil
		case hasCode(err, faults.BadName):
			s.printError(name + ": ERROR (no such process)")
			return nil
		case hasCode(err, faults.AbnormalTermination):
			s.printError(fmt.Sprintf("%s: ERROR (%s)", name, strings.TrimPrefix(faultText(err), "ABNORMAL_TERMINATION: ")))
			return nil
		case err != nil:
			return err
		case met:
			s.print(name + ": " + goal)
			return nil
		case left <= maxWaitPerCall && timeout < config.Forever:
			s.printError(fmt.Sprintf("%s: ERROR (not %s within %s)", name, goal, total))
			return nil
		}
	}
}
