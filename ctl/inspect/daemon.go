package inspect

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
)

func daemonActions() []session.Action {
	return []session.Action{
		{
			Spec: action.Spec{
				Name: "pid",
				Help: []string{
					"pid\t\t\tGet the PID of supervisord.",
					"pid <name>\t\tGet the PID of a single child process by name.",
					"pid all\t\t\tGet the PID of every child process, one per line.",
				},
				Completes: action.CompleteProcesses,
			},
			UpCheck: true, Run: pid,
		},
		{
			Spec: action.Spec{
				Name:        "version",
				Help:        []string{"version\t\t\tShow the version of the remote supervisord process"},
				NoArguments: true,
			},
			UpCheck: true, Run: version,
		},
		{
			Spec: action.Spec{
				Name:        "avail",
				Help:        []string{"avail\t\t\tDisplay all configured processes"},
				NoArguments: true,
			},
			Run: avail,
		},
	}
}

// pid prints the pid of the daemon, of all processes or of those named.
func pid(ctx context.Context, s *session.Session, in action.Arguments) error {
	names := in.Words
	switch {
	case len(names) == 0:
		var pid int
		if err := s.Call(ctx, "getPID", &pid); err != nil {
			return err
		}
		s.Print(strconv.Itoa(pid))
		return nil
	case action.MeansAll(names):
		return allPIDs(ctx, s)
	}
	for _, name := range names {
		if err := onePID(ctx, s, name); err != nil {
			return err
		}
	}
	return nil
}

func allPIDs(ctx context.Context, s *session.Session) error {
	var infos []api.ProcessInfo
	if err := s.Call(ctx, "getAllProcessInfo", &infos); err != nil {
		return err
	}
	for _, info := range infos {
		s.Print(strconv.Itoa(info.PID))
	}
	return nil
}

func onePID(ctx context.Context, s *session.Session, name string) error {
	var info api.ProcessInfo
	err := s.Call(ctx, "getProcessInfo", &info, name)
	if session.HasCode(err, faults.BadName) {
		s.PrintError("No such process " + name)
		return nil
	}
	if err != nil {
		return err
	}
	s.Print(strconv.Itoa(info.PID))
	if info.PID == 0 {
		s.SetExit(session.ExitNotRunning)
	}
	return nil
}

func version(ctx context.Context, s *session.Session, _ action.Arguments) error {
	var version string
	err := s.Call(ctx, "getSupervisorVersion", &version)
	if err == nil {
		s.Print(version)
	}
	return err
}

// avail lists the configuration as the daemon last read it, active or not.
func avail(ctx context.Context, s *session.Session, _ action.Arguments) error {
	var infos []api.ConfigInfo
	err := s.Call(ctx, "getAllConfigInfo", &infos)
	if session.HasCode(err, faults.ShutdownState) {
		s.PrintError("ERROR: supervisor shutting down")
		return nil
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, info := range infos {
		use, start := "avail", "manual"
		if info.InUse {
			use = "in use"
		}
		if info.Autostart {
			start = "auto"
		}
		fmt.Fprintf(&b, "%-32s %-9s %-9s %d:%d\n", namespec.Join(info.Group, info.Name),
			use, start, info.GroupPriority, info.ProcessPriority)
	}
	s.Write(b.String())
	return nil
}
