package recovery

import (
	"os"
	"path/filepath"
	"slices"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/shlex"
	"supervisor/supervisord/spawn/survivors"
)

// previousRun is what is known of the daemon before this one. If it is zero, that daemon
// may have stopped all its programs.
type previousRun int

const (
	// crashed: it left its pidfile, or a journal that can't be used.
	crashed previousRun = iota + 1
	// recorded: its journal lists all programs that it had when that was written.
	recorded
)

// owner says whose child a survivor is.
type owner int

const (
	others owner = iota // of another daemon
	ours                // of the daemon before this one
	unclear
)

// ownerOf decides whether a survivor with the name of a process is a child of the daemon
// before this one. The name alone is not enough: another daemon with a program of that
// name may have crashed too.
func (c *Claim) ownerOf(s *survivors.Survivor) owner {
	p := c.processConfig(s.Variables["SUPERVISOR_GROUP_NAME"], s.Variables["SUPERVISOR_PROCESS_NAME"])
	url := p.ServerURL
	if url == "" {
		url = c.Config.Supervisord.ServerURL
	}
	reported := s.Variables["SUPERVISOR_SERVER_URL"]
	switch {
	case reported != "" && url != "" && reported != url:
		return others
	case s.ParentUnknown:
		return unclear
	case reported == url && c.previous == recorded:
		return ours
	case c.previousPID != 0 && c.previousPID == s.Session: // a daemon in the background leads a session
		return ours
	case !hasUserOf(s, p):
		return unclear
	case reported == url && url != "" && c.previous == crashed && !s.Redirected:
		return ours
	case runsCommandOf(s, p) && (reported == url && url != "" || c.hasConfiguredEnv(s, p)):
		return ours
	}
	return unclear
}

// hasConfiguredEnv reports whether a survivor was started with the variables that the
// configuration gives a process.
func (c *Claim) hasConfiguredEnv(s *survivors.Survivor, p *config.Process) bool {
	want := make(map[string]string)
	for _, list := range []config.Environment{c.Config.Supervisord.Environment, p.Environment} {
		for _, v := range list {
			want[v.Name] = v.Value
		}
	}
	for name, value := range want {
		if s.Variables[name] != value {
			return false
		}
	}
	return true
}

// hasUserOf reports whether a survivor has the user that is configured for a process. In
// /proc a process that has changed its user itself may belong to root.
func hasUserOf(s *survivors.Survivor, p *config.Process) bool {
	want := os.Geteuid()
	if p.UID != nil {
		want = *p.UID
	}
	return s.UID == want || s.UID == 0
}

// runsCommandOf reports whether a survivor executes the command of a process, with or
// without an interpreter that the kernel has put before it.
func runsCommandOf(s *survivors.Survivor, p *config.Process) bool {
	argv, err := shlex.Split(p.Command)
	if err != nil || len(argv) == 0 || len(s.Command) < len(argv) {
		return false
	}
	at := len(s.Command) - len(argv)
	return filepath.Base(s.Command[at]) == filepath.Base(argv[0]) && slices.Equal(s.Command[at+1:], argv[1:])
}
