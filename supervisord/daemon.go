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
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/events"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/daemon"
)

// runDaemon is the daemon: one life after the other, until one ends in a
// shutdown. It returns the exit status.
func (m *mainProgram) runDaemon() (int, error) {
	from, scales := m.configSource()
	conf, err := m.loadFrom(from, scales)
	if err != nil {
		return 0, err
	}
	if m.dryRun {
		_, err := fmt.Fprintln(m.stdout, readyLine)
		return 0, err
	}
	if !conf.Supervisord.NoDaemon && m.background == nil && m.handedOver == nil {
		return daemon.StartInBackground(m.args, from)
	}
	m.files = from.OneTimeFiles(!conf.Supervisord.NoDaemon)
	daemon.CloseOnExecAll()
	daemon.ReserveThreads()
	pending := newPendingSignals()
	pending.catch()
	defer pending.stop()
	// A reader of our stdout that goes away must not end the daemon. To ignore
	// the signal would have the children ignore it too; to catch it does not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	ctx, end := context.WithCancel(context.Background())
	log := &switchableLog{}
	spawner := spawn.New(slog.New(log))
	if m.handedOver != nil {
		spawner.PauseReaping() // until those who have been handed over are known
		for _, sig := range m.handedOver.Signals {
			pending.add(syscall.Signal(sig))
		}
	}
	var reaper sync.WaitGroup
	reaper.Go(func() { spawner.Run(ctx) })
	defer reaper.Wait()
	defer end()

	bus := &events.Bus{}
	handedOver, failure := m.handedOver, ""
	for first := handedOver == nil; ; first = false {
		l := &daemonRun{
			mainProgram: m, conf: conf, from: from, first: first, bus: bus, spawner: spawner, sharedLog: log, signals: pending,
			handedOver: handedOver, upgradeFailure: failure, upgradeStarted: make(chan struct{}),
		}
		mood, handed, err := l.runOnce(ctx)
		if err != nil || mood != states.DaemonRestarting && handed == nil {
			return m.status, err
		}
		if handedOver, failure = handed, ""; handed != nil {
			failure = fmt.Sprintf("not upgraded: %v", handed.exec())
			pending.catch()
			handed.Upgrades--
			// It goes on with what has been handed over to nobody.
			from = handed.Files
			if conf, err = m.loadFrom(from, nil); err != nil {
				return 0, err
			}
			continue
		}
		conf, from = l.nextConfig.Config, l.nextConfig.From
	}
}

func (m *mainProgram) makeProgram(group, name string, options map[string]string) ([]*config.Process, error) {
	return config.MakeProgram(m.loadOptions(), group, name, options)
}

// configSource is what the configuration of this process is read from, and the scales
// that a rehearsal has to try.
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
	return config.Load(o)
}

func (m *mainProgram) load() (*config.Config, error) { return config.Load(m.loadOptions()) }

// reload reads the files again, whose texts may have changed.
func (m *mainProgram) reload() (*config.Config, error) {
	if err := m.files.RereadError(); err != nil {
		return nil, err
	}
	return m.load()
}

func (m *mainProgram) loadScaled(scales []config.Scale) (*config.Config, error) {
	o := m.loadOptions()
	o.Scales = scales
	return config.Load(o)
}
