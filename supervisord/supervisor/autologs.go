package supervisor

import (
	"slices"

	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process"
)

// autoLogs are the names that were generated for the AUTO logs of a process,
// "" where there is none. They hold as long as the configuration that asked
// for them is the last one that was read: a group that is removed and added
// again goes on with its files, one that was read again gets new ones.
type autoLogs struct{ stdout, stderr string }

func (s *Supervisor) autoLogs(c *config.Process) autoLogs {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.auto[c]
}

// generateLogs makes the AUTO logs of a process that don't exist yet.
func (s *Supervisor) generateLogs(c *config.Process) (autoLogs, error) {
	names := s.autoLogs(c)
	d := s.opts.Config.Supervisord
	for _, l := range []struct {
		conf    config.Log
		channel string
		name    *string
	}{{c.Stdout, "stdout", &names.stdout}, {c.Stderr, "stderr", &names.stderr}} {
		if !l.conf.Auto || *l.name != "" {
			continue
		}
		path, err := logs.AutoName(d.ChildLogDir, c.Name, l.channel, d.Identifier)
		if err != nil {
			return names, err
		}
		*l.name = path
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auto[c] = names
	return names, nil
}

// forgetLogs forgets the names of the AUTO logs of a process that has been removed,
// unless it may come again.
func (s *Supervisor) forgetLogs(p *process.Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := groupOf(s.lastConfig, p.Config.Group)
	for _, c := range []*config.Process{p.Config, p.CurrentConfig()} {
		if g == nil || !slices.Contains(g.Processes, c) {
			delete(s.auto, c)
		}
	}
}

// logFile is where a stream is logged to, "" for nowhere.
func logFile(l config.Log, generated string) string {
	if l.Auto {
		return generated
	}
	return l.File
}
