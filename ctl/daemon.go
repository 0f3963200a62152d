package ctl

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"supervisor/supervisord/faults"
)

func daemonActions() []action {
	return []action{
		{
			name:        "shutdown",
			help:        []string{"shutdown \tShut the remote supervisord down."},
			noArguments: true,
			run:         (*session).shutdown,
		},
		{
			name:        "reload",
			help:        []string{"reload \t\tRestart the remote supervisord."},
			noArguments: true,
			run:         (*session).reload,
		},
		{
			name:        "version",
			help:        []string{"version\t\t\tShow the version of the remote supervisord process"},
			noArguments: true,
			upCheck:     true,
			run:         (*session).version,
		},
		{
			name: "open",
			help: []string{
				"open <url>\tConnect to a remote supervisord process.",
				"\t\t(for UNIX domain socket, use unix:///socket/path)",
			},
			run: (*session).open,
		},
	}
}

// shutdown ends the daemon. That it is going down already is no failure.
func (s *session) shutdown(ctx context.Context, _ string) error {
	really, err := s.confirm(ctx, "Really shut the remote supervisord process down y/N? ")
	if !really {
		return err
	}
	err = s.command(ctx, "shutdown")
	switch {
	case err == nil:
		s.print("Shut down")
	case hasCode(err, faults.ShutdownState):
		s.print("ERROR: already shutting down")
	case errors.Is(err, syscall.ECONNREFUSED):
		s.complain("ERROR: " + s.settings.ServerURL + " refused connection (already shut down?)")
	case errors.Is(err, syscall.ENOENT):
		s.complain("ERROR: " + s.settings.ServerURL + " no such file (already shut down?)")
	default:
		return err
	}
	return nil
}

// reload restarts the daemon, and does not wait until it is up again.
func (s *session) reload(ctx context.Context, _ string) error {
	really, err := s.confirm(ctx, "Really restart the remote supervisord process y/N? ")
	if !really {
		return err
	}
	err = s.command(ctx, "restart")
	if hasCode(err, faults.ShutdownState) {
		s.complain("ERROR: already shutting down")
		return nil
	}
	if err == nil {
		s.print("Restarted supervisord")
	}
	return err
}

func (s *session) version(ctx context.Context, _ string) error {
	var version string
	err := s.call(ctx, "getSupervisorVersion", &version)
	if err == nil {
		s.print(version)
	}
	return err
}

// open turns the session to another server and shows its status, which does
// not touch the exit status here.
func (s *session) open(ctx context.Context, arg string) error {
	if !strings.HasPrefix(arg, "unix:") && !strings.HasPrefix(arg, "http:") {
		s.complain("ERROR: url must be http:// or unix://")
		return nil
	}
	s.settings.ServerURL = arg
	s.disconnect()
	exit := s.exit
	err := s.do(ctx, "status")
	s.exit = exit
	return err
}
