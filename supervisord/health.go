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

// startHealthMonitor starts the monitor of readiness and health. stop ends it and
// returns when it has ended; it may be called several times.
func (r *daemonRun) startHealthMonitor(ctx context.Context, s *supervisor.Supervisor) (m *health.Monitor, stop func()) {
	m = health.New(health.Options{Spawner: r.spawner, Dir: r.notifyDir(), Log: r.log, ExitWith: s.ExitWith})
	if h := r.handover; h != nil {
		if err := m.Restore(h.Health, h.Descriptors); err != nil {
			r.log.Error(fmt.Sprintf("go on hearing what programs say of themselves: %v", err))
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

// notifyDir is the directory of the notify sockets. It is beside the journal by which
// a later daemon finds the programs, so that it finds the sockets too. A daemon
// without a journal leaves them to none.
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
