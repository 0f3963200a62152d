package supervisord

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"supervisor/supervisord/policy/health"
	"supervisor/supervisord/supervisor"
)

// startHealthMonitor makes what finds out about readiness and health, and runs it. stop ends
// that, and returns when it has ended; it may be called several times.
func (l *daemonRun) startHealthMonitor(ctx context.Context, s *supervisor.Supervisor) (m *health.Monitor, stop func()) {
	m = health.New(health.Options{Spawner: l.spawner, Dir: l.notifyDir(), Log: l.log, ExitWith: s.ExitWith})
	if h := l.handedOver; h != nil {
		if err := m.Restore(h.Health, h.Heard); err != nil {
			l.log.Error(fmt.Sprintf("go on hearing what programs say of themselves: %v", err))
		}
	}
	s.Observe(m.Changed)
	s.Explain(m.Explain)
	s.Provide(m.Provider)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Run(ctx)
	}()
	return m, func() { cancel(); <-ended }
}

// notifyDir is where the sockets are by which programs tell. It is beside the
// record by which a later daemon finds the programs, so that it finds these too;
// a daemon without a record has nobody to leave them to.
func (l *daemonRun) notifyDir() string {
	d := l.conf.Supervisord
	switch {
	case d.StateFile != "":
		return strings.TrimSuffix(d.StateFile, ".state") + ".notify"
	case d.Pidfile != "":
		return d.Pidfile + ".notify"
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("supervisord-%d.notify", os.Getpid()))
}
