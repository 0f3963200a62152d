package supervisord

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/policy/exitpolicy"
	"supervisor/supervisord/policy/health"
	"supervisor/supervisord/policy/probe"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
)

// check probes once something outside that a process waits for.
func (s *supervision) check(ctx context.Context, p *process.Process, about config.Probe) error {
	c := probe.Checker{Spawner: s.spawner, Spec: p.HookSpec}
	return c.Check(ctx, about)
}

// exitPolicy returns the policy that ends the daemon when a program has exited that it
// can't do without.
func (s *supervision) exitPolicy() *exitpolicy.Policy {
	saved := make(map[string]machine.Status, len(s.claim.Processes))
	for name, left := range s.claim.Processes {
		saved[name] = left.Status
	}
	d := s.conf.Supervisord
	return exitpolicy.New(exitpolicy.Options{
		On: d.ExitOn, Status: d.ExitStatus, Saved: saved, Exempt: s.operations.IsProvisional, ExitWith: s.supervisor.ExitWith,
	})
}

// startHealthMonitor starts the monitor of readiness and health. stop ends it and
// returns when it has ended; it may be called several times.
func (s *supervision) startHealthMonitor(ctx context.Context) (m *health.Monitor, stop func()) {
	m = health.New(health.Options{Spawner: s.spawner, Dir: s.notifyDir(), Log: s.log, ExitWith: s.supervisor.ExitWith})
	if h := s.handover; h != nil {
		if err := m.Restore(h.Health, h.Descriptors); err != nil {
			s.log.Error(fmt.Sprintf("go on hearing what programs say of themselves: %v", err))
		}
	}
	s.supervisor.Observe(m.Changed)
	s.supervisor.Explain(m.Explain)
	s.supervisor.Provide(m.Provider)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Run(ctx)
	}()
	return m, func() { cancel(); <-ended }
}

// notifyDir is the directory of the notify sockets. It is beside the journal by which a
// later daemon finds the programs, and finds the sockets too. Without a journal no later
// daemon needs them.
func (r *daemonRun) notifyDir() string {
	d := r.conf.Supervisord
	switch {
	case d.StateFile != "":
		return strings.TrimSuffix(d.StateFile, ".state") + ".notify"
	case d.Pidfile != "":
		return d.Pidfile + ".notify"
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("supervisord-%d.notify", os.Getpid()))
}
