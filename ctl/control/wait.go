package control

import (
	"context"
	"fmt"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config/option"
)

// waitActions returns an action that Supervisor does not have. It is hidden from
// clients that compare the list of actions with Supervisor's.
func waitActions() []session.Action {
	return []session.Action{{
		Spec: action.Spec{
			Name:  "wait",
			Topic: action.TopicChange, Short: "wait until processes are ready, running or stopped",
			Help: []string{
				"wait <name> [...] [--for running|ready|stopped|exited] [--timeout 60s]",
				"\t\t\tWait until processes are in a state, by default ready. A process without",
				"\t\t\tready= is ready when it is RUNNING. Nothing is started or stopped.",
				"wait <gname>:*\t\tWait for all processes in a group",
				"wait all\t\tWait for all processes",
				"Note: the exit status is 1 if a process is not in that state in time, or can't reach it.",
			},
			Hidden: true, MinArgs: 1, Requires: "a process name",
			Flags: []action.Flag{
				{Name: "--for", Value: action.Goal, Help: "What to wait for, ready by default"},
				{Name: "--timeout", Value: action.Duration, Help: "Longest time to wait, 60s by default"},
			},
			Completes: action.CompleteProcesses,
		},
		UpCheck: true, UsageExit: session.ExitUsage, Run: wait,
	}}
}

// maxWaitPerCall is the longest time that one call waits on the server, which
// finishes its answers before it is upgraded.
const maxWaitPerCall = 10 * time.Second

// wait waits for one process or group after the other. The timeout is for all
// together.
func wait(ctx context.Context, s *session.Session, in action.Arguments) error {
	timeout, goal := time.Minute, "ready"
	if text, ok := in.Flags["--timeout"]; ok {
		timeout, _ = option.ParseDuration(text) // Parse has checked it
	}
	if text, ok := in.Flags["--for"]; ok {
		goal = text
	}
	names, err := expandAll(ctx, s, in.Words)
	if err != nil {
		return err
	}
	started := time.Now()
	for _, name := range names {
		left := timeout
		if timeout < option.Forever {
			left = timeout - time.Since(started)
		}
		if err := waitFor(ctx, s, name, goal, left, timeout); err != nil {
			return err
		}
	}
	return nil
}

// waitFor waits for a process or group until the timeout. total is the time for
// all together, for the error message.
func waitFor(ctx context.Context, s *session.Session, name, goal string, timeout, total time.Duration) error {
	for started := time.Now(); ; {
		left := max(timeout-time.Since(started), 0)
		if timeout >= option.Forever {
			left = maxWaitPerCall
		}
		var met bool
		err := s.Call(ctx, "waitForProcess", &met, name, goal, int(min(left, maxWaitPerCall).Round(10*time.Millisecond)/time.Millisecond))
		switch {
		case session.HasCode(err, faults.UnknownMethod):
			s.PrintError("wait: ERROR (" + session.NotSupported + ")")
			return nil
		case session.HasCode(err, faults.BadName):
			s.PrintError(name + ": ERROR (no such process)")
			return nil
		case session.HasCode(err, faults.AbnormalTermination):
			s.PrintError(fmt.Sprintf("%s: ERROR (%s)", name, session.FaultDetail(err)))
			return nil
		case err != nil:
			return err
		case met:
			s.Print(name + ": " + goal)
			return nil
		case left <= maxWaitPerCall && timeout < option.Forever:
			s.PrintError(fmt.Sprintf("%s: ERROR (not %s within %s)", name, goal, total))
			return nil
		}
	}
}
