package supervisord

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/load"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/recovery"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/daemon"
)

// runDaemon runs the daemon, again after each restart, until it shuts down. It returns
// the exit status.
func (m *mainProgram) runDaemon() (int, error) {
	from, scales := m.configSource()
	conf, err := m.loadFrom(from, scales)
	if err != nil {
		return 0, err
	}
	if m.dryRun {
		_, err := fmt.Fprintln(m.stdout, recovery.ReadyLine)
		return 0, err
	}
	if !conf.Supervisord.NoDaemon && m.background == nil && m.handedOver == nil {
		return daemon.StartInBackground(m.args, from)
	}
	m.files = from.OneTimeFiles(!conf.Supervisord.NoDaemon)
	daemon.CloseOnExecAll()
	daemon.ReserveThreads()
	s := m.newShared()
	s.signals.Catch()
	defer s.signals.Stop()
	// If the reader of our stdout ends, SIGPIPE must not end the daemon. The children
	// would inherit an ignored signal; they don't inherit a caught one.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	ctx, cancel := context.WithCancel(context.Background())
	var reaper sync.WaitGroup
	reaper.Go(func() { s.spawner.Run(ctx) })
	defer reaper.Wait()
	defer cancel()
	return m.runAgain(ctx, s, conf, from)
}

// shared is what all runs of the daemon in this process share.
type shared struct {
	bus     *events.Bus
	spawner *spawn.Spawner
	logs    *logs.Switch // writes to the main log of the run
	signals *daemon.Signals
}

// newShared makes what all runs share. If the daemon was handed over, no child is
// reaped until the first run knows all children.
func (m *mainProgram) newShared() *shared {
	s := &shared{bus: &events.Bus{}, logs: &logs.Switch{}, signals: daemon.NewSignals()}
	s.spawner = spawn.New(slog.New(s.logs))
	if m.handedOver != nil {
		s.spawner.PauseReaping()
		for _, sig := range m.handedOver.Signals {
			s.signals.Add(syscall.Signal(sig))
		}
	}
	return s
}

// runAgain runs the daemon until it shuts down, and restarts it otherwise. If it is to
// be upgraded and the other binary can't be executed, it goes on with what it would
// have handed over.
func (m *mainProgram) runAgain(ctx context.Context, s *shared, conf *config.Config, from *source.Snapshot) (int, error) {
	handover, failure := m.handedOver, ""
	for first := handover == nil; ; first = false {
		r := &daemonRun{
			mainProgram: m, shared: s, conf: conf, from: from, first: first,
			handover: handover, upgradeFailure: failure, upgrade: newUpgrade(),
		}
		end, err := r.run(ctx)
		switch {
		case err != nil:
			return m.status, err
		case end.handover != nil:
			failure = fmt.Sprintf("not upgraded: %v", end.binary.Exec(end.handover))
			s.signals.Catch()
			end.handover.Upgrades--
			if conf, err = m.loadFrom(end.handover.Files, nil); err != nil {
				return 0, err
			}
			handover, from = end.handover, end.handover.Files
		case end.mood == states.DaemonRestarting:
			handover, failure = nil, ""
			conf, from = end.next.Config, end.next.From
		default:
			return m.status, nil
		}
	}
}

// configSource returns what the configuration of this process is read from, and the
// scales that a dry run has to try.
func (m *mainProgram) configSource() (*source.Snapshot, []config.Scale) {
	switch {
	case m.background != nil:
		return m.backgroundFiles, nil
	case m.handedOver == nil || m.handedOver.Files == nil:
		return source.NewSnapshot(), nil
	case m.dryRun:
		return m.handedOver.Files, m.handedOver.Scales
	}
	return m.handedOver.Files, nil
}

// loadFrom reads a configuration that the daemon begins with. What can't be read
// again is added to the snapshot first.
func (m *mainProgram) loadFrom(from *source.Snapshot, scales []config.Scale) (*config.Config, error) {
	from.Add(m.files)
	o := m.loadOptions()
	o.Snapshot, o.Scales = from, scales
	return load.Config(o)
}

func (m *mainProgram) load() (*config.Config, error) { return load.Config(m.loadOptions()) }

// reload reads the files again, whose text may have changed.
func (m *mainProgram) reload() (*config.Config, error) {
	if err := m.files.RereadError(); err != nil {
		return nil, err
	}
	return m.load()
}

func (m *mainProgram) loadScaled(scales []config.Scale) (*config.Config, error) {
	o := m.loadOptions()
	o.Scales = scales
	return load.Config(o)
}

func (m *mainProgram) makeProgram(group, name string, options map[string]string) ([]*config.Process, error) {
	return load.MakeProgram(m.loadOptions(), group, name, options)
}
