package supervisor

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/namespec"
	"supervisor/supervisord/process"
)

// Estate is what an earlier daemon has left of a process. It names the AUTO
// logs that the process writes to, "" for those that it did not have.
type Estate struct {
	process.Estate
	StdoutLog, StderrLog string
}

// AutoLogs returns the AUTO logs of a process, "" where there is none.
func AutoLogs(p *process.Process) (stdout, stderr string) {
	if p.Config.Stdout.Auto {
		stdout = p.Stdout
	}
	if p.Config.Stderr.Auto {
		stderr = p.Stderr
	}
	return stdout, stderr
}

// estates returns what is left of the processes of a group, nil for nothing.
func (s *Supervisor) estates(g *process.Group) map[*process.Process]*Estate {
	list := make(map[*process.Process]*Estate)
	for _, p := range g.Processes {
		if e := s.Estates[p.FullName()]; e != nil {
			list[p] = e
		}
	}
	return list
}

// takeOver gives the processes of a group their estates. Those with a living
// child come first: one without may be born again at once, and has to find the
// socket of its siblings.
func takeOver(g *process.Group, estates map[*process.Process]*Estate) {
	var later []*process.Process
	for _, p := range g.Processes {
		switch e := estates[p]; {
		case e == nil:
		case e.Child.IsAlive():
			p.Adopt(&e.Estate)
		default:
			later = append(later, p)
		}
	}
	for _, p := range later {
		p.Adopt(&estates[p].Estate)
	}
}

// recallLogs has a process go on with the AUTO logs that it has been writing to.
func (s *Supervisor) recallLogs(c *config.Process) {
	e := s.Estates[namespec.Join(c.Group, c.Name)]
	if e == nil || e.StdoutLog+e.StderrLog == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auto[c] = autoLogs{e.StdoutLog, e.StderrLog}
}

// isInherited tells whether an orphan may be listening on a socket.
func (s *Supervisor) isInherited(socket *config.Socket, conf *config.Group) bool {
	for _, p := range conf.Processes {
		if e := s.Estates[namespec.Join(p.Group, p.Name)]; p.Socket == socket && e != nil && e.Child.IsAlive() {
			return true
		}
	}
	return false
}
