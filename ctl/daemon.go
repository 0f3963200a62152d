package ctl

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
)

func daemonActions() []action {
	return []action{
		{
			name: "shutdown",
			help: []string{"shutdown \tShut the remote supervisord down."},
			flags: []actionFlag{
				{name: "--timeout", value: timeoutValue, help: "Longest time for all programs to stop, which are killed then"},
				{name: "--progress", help: "Tell which programs it waits for, until supervisord is gone"},
			},
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
			name:   "upgrade",
			help:   []string{"upgrade [--binary PATH]\tHave the present supervisord binary, or the one at PATH, go on in the place", "\t\t\tof the running one. Programs, logs and connections stay as they are."},
			hidden: true, // from clients that compare the list with Supervisor's
			flags:  []actionFlag{{name: "--binary", value: pathValue, help: "The binary to go on with, the present one's file by default"}},
			run:    (*session).upgrade,
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
func (s *session) shutdown(ctx context.Context, in arguments) error {
	var timeout time.Duration // 0 for no limit
	if text, ok := in.flags["--timeout"]; ok {
		timeout, _ = parseTimeout(text) // it has been checked
	}
	confirmed, err := s.confirm(ctx, "Really shut the remote supervisord process down y/N? ")
	if !confirmed {
		return err
	}
	err = s.requestShutdown(ctx, timeout)
	switch {
	case err == nil:
		s.print("Shut down")
		if in.has("--progress") {
			return s.watchShutdown(ctx)
		}
	case timeout > 0 && hasCode(err, faults.UnknownMethod):
		s.printError("shutdown: ERROR (this supervisord knows no timeout)")
	case hasCode(err, faults.ShutdownState):
		s.print("ERROR: already shutting down")
	case errors.Is(err, syscall.ECONNREFUSED):
		s.printError("ERROR: " + s.settings.ServerURL + " refused connection (already shut down?)")
	case errors.Is(err, syscall.ENOENT):
		s.printError("ERROR: " + s.settings.ServerURL + " no such file (already shut down?)")
	default:
		return err
	}
	return nil
}

// reload restarts the daemon, and does not wait until it is up again.
func (s *session) reload(ctx context.Context, _ arguments) error {
	confirmed, err := s.confirm(ctx, "Really restart the remote supervisord process y/N? ")
	if !confirmed {
		return err
	}
	err = s.command(ctx, "restart")
	if hasCode(err, faults.ShutdownState) {
		s.printError("ERROR: already shutting down")
		return nil
	}
	if err == nil {
		s.print("Restarted supervisord")
	}
	return err
}

// upgrade has another binary take the daemon's place and waits until it has.
func (s *session) upgrade(ctx context.Context, in arguments) error {
	binary, err := upgradeBinary(in)
	if err != nil {
		s.printError("Error: " + err.Error())
		return nil
	}
	var before, after int
	switch err := s.call(ctx, "getUpgrades", &before); {
	case hasCode(err, faults.UnknownMethod):
		s.printError("upgrade: ERROR (this supervisord does not know how to)")
		return nil
	case err != nil:
		return err
	}
	err = s.command(ctx, "upgrade", binary)
	if fault, ok := errors.AsType[*xmlrpc.Fault](err); ok {
		s.printError("upgrade: ERROR (" + strings.TrimPrefix(fault.Text, "FAILED: ") + ")")
		return nil
	}
	if err != nil {
		return err
	}
	s.disconnect() // who answers next is the new one
	if err := s.call(ctx, "getUpgrades", &after); err != nil {
		return err
	}
	if after == before {
		s.printError("upgrade: ERROR (it failed at the last step, supervisord goes on as it was; its log tells why)")
		return nil
	}
	var version string
	if err := s.call(ctx, "getSupervisorVersion", &version); err != nil {
		return err
	}
	s.print("Upgraded supervisord, now " + version)
	return nil
}

// upgradeBinary returns the file to execute, "" for that of the daemon.
func upgradeBinary(in arguments) (string, error) {
	path, given := in.flags["--binary"]
	switch {
	case len(in.words) > 0:
		return "", errors.New("upgrade takes nothing but --binary PATH")
	case !given:
		return "", nil
	}
	return filepath.Abs(path)
}

func (s *session) version(ctx context.Context, _ arguments) error {
	var version string
	err := s.call(ctx, "getSupervisorVersion", &version)
	if err == nil {
		s.print(version)
	}
	return err
}

// open turns the session to another server and shows its status, which does
// not touch the exit status here.
func (s *session) open(ctx context.Context, in arguments) error {
	arg := in.line
	if !strings.HasPrefix(arg, "unix:") && !strings.HasPrefix(arg, "http:") {
		s.printError("ERROR: url must be http:// or unix://")
		return nil
	}
	s.settings.ServerURL = arg
	s.disconnect()
	exit := s.exit
	err := s.runLine(ctx, "status")
	s.exit = exit
	return err
}
