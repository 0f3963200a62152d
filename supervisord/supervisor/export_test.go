package supervisor

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/loaded"
)

// Processes returns all processes in use, for tests that look at each after every step: Infos
// would sort and describe them each time.
func (s *Supervisor) Processes() []*process.Process {
	var all []*process.Process
	for _, g := range s.groups.List() {
		all = append(all, g.Processes...)
	}
	return all
}

// GroupConfig returns the configuration of a group in use, nil if it is not in use.
func (s *Supervisor) GroupConfig(name string) *config.Group {
	if g := s.groups.Find(name); g != nil {
		return g.Config
	}
	return nil
}

// KnownLogs returns the AUTO logs that are known for a configuration.
func (s *Supervisor) KnownLogs(c *config.Process) loaded.AutoLogs { return s.conf.Logs(c) }
