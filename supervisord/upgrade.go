package supervisord

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/recovery"
	"supervisor/supervisord/server/httpd"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/system/descriptors"
)

// upgrade is how far another binary has come in taking over from a run.
type upgrade struct {
	started chan struct{} // closed when binary is set

	mu      sync.Mutex // guards what follows until the run has ended
	binary  recovery.Binary
	files   *source.Snapshot // what the binary reads its configuration from
	ready   bool             // everything but the children has stopped
	servers []httpd.State
	open    descriptors.Set // of servers
}

func newUpgrade() *upgrade { return &upgrade{started: make(chan struct{})} }

// isReady reports whether the other binary goes on with the children.
func (u *upgrade) isReady() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ready
}

// beginUpgrade checks that a binary can take over, "" for the present one, and begins
// the upgrade. From now on new clients wait for the other binary.
func (r *daemonRun) beginUpgrade(ctx context.Context, path string, files *source.Snapshot, scales []config.Scale, servers *httpd.Servers) error {
	u := r.upgrade
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.files != nil {
		return errors.New("an upgrade is under way")
	}
	binary, err := recovery.FindBinary(path, r.args)
	if err != nil {
		return err
	}
	if err := binary.Check(ctx, r.spawner, files, r.origin(), scales); err != nil {
		return err
	}
	if err := servers.Pause(); err != nil {
		return err
	}
	u.binary, u.files = binary, files
	close(u.started)
	return nil
}

// requestTimeout is how long an upgrade waits for requests under way. Then it cuts
// them off.
const requestTimeout = time.Minute

// stopForUpgrade waits for an upgrade and then stops everything but the children, so
// that the run ends. If a shutdown or restart begins meanwhile, it goes on without an
// upgrade, and clients are served as in any other.
func (s *supervision) stopForUpgrade(ctx context.Context) {
	select {
	case <-s.upgrade.started:
	case <-ctx.Done():
		return
	}
	limit, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	open := descriptors.Set{}
	servers := s.servers.HandOver(s.untilEnding(limit), open)
	if s.supervisor.Mood() != states.DaemonRunning {
		s.log.Warn("not upgraded: supervisord is about to end")
		s.servers.Resume()
		return
	}
	if limit.Err() != nil && ctx.Err() == nil {
		s.log.Warn(fmt.Sprintf("requests that are not answered after %s are cut off by the upgrade", requestTimeout))
	}
	s.upgrade.mu.Lock()
	s.upgrade.servers, s.upgrade.open, s.upgrade.ready = servers, open, true
	s.upgrade.mu.Unlock()
	s.spawner.PauseReaping()
	s.stop()
}

// untilEnding returns a context that ends when the daemon begins to shut down or to
// restart, or with parent.
func (s *supervision) untilEnding(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		defer cancel()
		select {
		case <-s.supervisor.Ending():
		case <-ctx.Done():
		}
	}()
	return ctx
}

// buildHandover returns what the other binary goes on with. The supervisor, the health
// monitor and all requests have ended.
func (s *supervision) buildHandover() *recovery.Handover {
	h := &recovery.Handover{
		Version: recovery.Version, Upgrades: s.upgradeCount() + 1, Scales: s.supervisor.Scales(), Servers: s.upgrade.servers,
		Comm: daemon.Comm(), Files: s.upgrade.files, Origin: s.origin(), Descriptors: s.upgrade.open,
	}
	s.claim.HandOver(h.Descriptors)
	h.Health = s.monitor.HandOver(h.Descriptors)
	h.Sockets = s.sockets.HandOver(h.Descriptors)
	var failed []error
	h.State, failed = s.supervisor.HandOver(h.Descriptors)
	for _, err := range failed {
		s.log.Error(err.Error())
	}
	h.Serial = s.bus.Serial()
	for _, sig := range s.signals.Take() {
		h.Signals = append(h.Signals, int(sig))
	}
	return h
}

// origin returns where and how this daemon was first started.
func (m *mainProgram) origin() *recovery.Origin {
	return &recovery.Origin{Program: []byte(m.argv0()), Cwd: []byte(m.host.Cwd), Host: m.host.Name, TempDir: []byte(m.host.TempDir)}
}
