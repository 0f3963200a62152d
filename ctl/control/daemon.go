package control

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
)

func daemonActions() []session.Action {
	return []session.Action{
		{
			Spec: action.Spec{
				Name: "shutdown",
				Help: []string{"shutdown \tShut the remote supervisord down."},
				Flags: []action.Flag{
					{Name: "--timeout", Value: action.Timeout, Help: "Longest time for all programs to stop; those that still run are then killed"},
					{Name: "--progress", Help: "Show which programs still run, until supervisord has ended"},
				},
				NoArguments: true,
			},
			Run: shutdown,
		},
		{
			Spec: action.Spec{
				Name:        "reload",
				Help:        []string{"reload \t\tRestart the remote supervisord."},
				NoArguments: true,
			},
			Run: reload,
		},
		{
			Spec: action.Spec{
				Name:  "upgrade",
				Topic: action.TopicDaemon, Short: "replace supervisord, programs run on",
				Help:   []string{"upgrade [--binary PATH]\tReplace the running supervisord with its present binary, or the one at PATH.", "\t\t\tPrograms, logs and connections stay as they are."},
				Hidden: true, // from clients that compare the list of actions with Supervisor's
				Flags:  []action.Flag{{Name: "--binary", Value: action.Path, Help: "The binary to run, by default the present file of the running one"}},
			},
			Run: upgrade,
		},
	}
}

// shutdown ends the daemon. A daemon that is already shutting down is no failure.
func shutdown(ctx context.Context, s *session.Session, in action.Arguments) error {
	var timeout time.Duration // 0 for no limit
	if text, ok := in.Flags["--timeout"]; ok {
		timeout, _ = action.ParseTimeout(text) // Parse has checked it
	}
	confirmed, err := s.Confirm(ctx, "Really shut the remote supervisord process down y/N? ")
	if !confirmed {
		return err
	}
	err = requestShutdown(ctx, s, timeout)
	switch {
	case err == nil:
		s.Print("Shut down")
		if in.Has("--progress") {
			return watchShutdown(ctx, s)
		}
	case timeout > 0 && session.HasCode(err, faults.UnknownMethod):
		s.PrintError("shutdown: ERROR (--timeout is " + session.NotSupported + ")")
	case session.HasCode(err, faults.ShutdownState):
		s.Print("ERROR: already shutting down")
	case errors.Is(err, syscall.ECONNREFUSED):
		s.PrintError("ERROR: " + s.ServerURL() + " refused connection (already shut down?)")
	case errors.Is(err, syscall.ENOENT):
		s.PrintError("ERROR: " + s.ServerURL() + " no such file (already shut down?)")
	default:
		return err
	}
	return nil
}

// requestShutdown asks the daemon to end, within the timeout unless it is 0.
func requestShutdown(ctx context.Context, s *session.Session, timeout time.Duration) error {
	if timeout == 0 {
		return s.Command(ctx, "shutdown")
	}
	return s.Command(ctx, "shutdownWithin", int(timeout.Milliseconds()))
}

// progressInterval is the time between two questions about what still runs.
const progressInterval = 200 * time.Millisecond

// watchShutdown prints which processes still run, until the daemon has ended.
func watchShutdown(ctx context.Context, s *session.Session) error {
	last := ""
	for {
		var left []string
		err := s.Call(ctx, "getUnstopped", &left)
		if _, isFault := errors.AsType[*xmlrpc.Fault](err); isFault || ctx.Err() != nil {
			return err
		}
		switch {
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
			s.Print("supervisord is gone")
			return nil
		case err != nil: // the daemon ended while it answered
			s.Disconnect()
		case len(left) > 0 && firstNames(left) != last:
			last = firstNames(left)
			s.Print("waiting for " + last)
		}
		select {
		case <-time.After(progressInterval):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// firstNames lists the first of many names.
func firstNames(names []string) string {
	const limit = 8
	if more := len(names) - limit; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:limit], ", "), more)
	}
	return strings.Join(names, ", ")
}

// reload restarts the daemon. It does not wait until the daemon is up again.
func reload(ctx context.Context, s *session.Session, _ action.Arguments) error {
	confirmed, err := s.Confirm(ctx, "Really restart the remote supervisord process y/N? ")
	if !confirmed {
		return err
	}
	err = s.Command(ctx, "restart")
	if session.HasCode(err, faults.ShutdownState) {
		s.PrintError("ERROR: already shutting down")
		return nil
	}
	if err == nil {
		s.Print("Restarted supervisord")
	}
	return err
}

// upgrade replaces the daemon with another binary and waits until that runs.
func upgrade(ctx context.Context, s *session.Session, in action.Arguments) error {
	binary, err := upgradeBinary(in)
	if err != nil {
		s.PrintError("Error: " + err.Error())
		return nil
	}
	var before, after int
	switch err := s.Call(ctx, "getUpgrades", &before); {
	case session.HasCode(err, faults.UnknownMethod):
		s.PrintError("upgrade: ERROR (" + session.NotSupported + ")")
		return nil
	case err != nil:
		return err
	}
	err = s.Command(ctx, "upgrade", binary)
	if fault, ok := errors.AsType[*xmlrpc.Fault](err); ok {
		s.PrintError("upgrade: ERROR (" + strings.TrimPrefix(fault.Text, "FAILED: ") + ")")
		return nil
	}
	if err != nil {
		return err
	}
	s.Disconnect() // the new binary answers the next call
	if err := s.Call(ctx, "getUpgrades", &after); err != nil {
		return err
	}
	if after == before {
		s.PrintError("upgrade: ERROR (it failed at the last step; the old supervisord goes on, and its log says why)")
		return nil
	}
	var version string
	if err := s.Call(ctx, "getSupervisorVersion", &version); err != nil {
		return err
	}
	s.Print("Upgraded supervisord, now " + version)
	return nil
}

// upgradeBinary returns the absolute path of the file to execute, "" for that of
// the daemon.
func upgradeBinary(in action.Arguments) (string, error) {
	path, given := in.Flags["--binary"]
	switch {
	case len(in.Words) > 0:
		return "", errors.New("upgrade takes nothing but --binary PATH")
	case !given:
		return "", nil
	}
	return filepath.Abs(path)
}
