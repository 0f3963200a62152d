package supervisord

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"syscall"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/policy/health"
	"supervisor/supervisord/policy/rolling"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/activation"
	"supervisor/supervisord/recovery"
	"supervisor/supervisord/server/httpd"
	"supervisor/supervisord/server/rpc"
	"supervisor/supervisord/server/web"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/supervisor/loaded"
	"supervisor/supervisord/system/memory"
)

// supervision is the part of a run in which there are programs: the supervisor and all
// that works with it. Its helpers are goroutines that end before it closes.
type supervision struct {
	*daemonRun
	cancel  func() // ends the helpers, and all else
	stop    func() // ends the supervisor
	helpers sync.WaitGroup

	claim       *recovery.Claim
	servers     *httpd.Servers
	sockets     *activation.Set
	supervisor  *supervisor.Supervisor
	operations  *rolling.Operations
	journal     *recovery.Journal
	memory      *memory.Releaser
	monitor     *health.Monitor
	stopMonitor func()
}

// newSupervision connects everything and starts nothing but the health monitor, which runs
// until ctx ends.
func (r *daemonRun) newSupervision(ctx context.Context, servers *httpd.Servers, claim *recovery.Claim) *supervision {
	s := &supervision{
		daemonRun: r, claim: claim, servers: servers, sockets: claim.Sockets(),
		journal: claim.Journal(), memory: memory.NewReleaser(r.spawner.SpawnCount),
	}
	s.supervisor = supervisor.New(s.supervisorOptions())
	s.operations = rolling.New(rolling.Options{Supervisor: s.supervisor, Log: r.log, UpgradeStarted: r.upgrade.started})
	s.supervisor.Observe(s.noteChange)
	s.supervisor.Explain(s.operations.Explain)
	s.supervisor.Observe(s.exitPolicy().Changed)
	s.monitor, s.stopMonitor = s.startHealthMonitor(ctx)
	return s
}

func (s *supervision) supervisorOptions() supervisor.Options {
	o := supervisor.Options{
		Config: s.conf,
		Source: loaded.Source{
			Load: s.reload, LoadScaled: s.loadScaled, Scales: s.claim.Scales, LoadFrom: s.loadChecked,
			RereadError: s.files.RereadError, Program: s.makeProgram,
		},
		Spawner: s.spawner,
		Events:  s.bus,
		Log:     s.log,
		Main:    s.mainLog,
		Environ: s.host.Environ,
		Stdout:  s.stdout,
		Sockets: s.sockets,
		Check:   s.check,
		Saved:   supervisor.Saved{Processes: s.claim.Processes, Unconfigured: s.claim.Unconfigured},
		Hooks:   supervisor.Hooks{Started: s.memory.StartsDone, Upgrade: s.upgradeTo},
	}
	if s.journal != nil {
		o.Hooks.Changed, o.Hooks.Scaled = s.journal.Changed, s.journal.Scaled
	}
	if s.handover != nil {
		o.Saved.Resumed, o.Saved.Pools = true, s.handover.Pools
		s.bus.SetSerial(s.handover.Serial)
	}
	return o
}

// upgradeTo checks that a binary can take over, and begins the upgrade.
func (s *supervision) upgradeTo(ctx context.Context, path string, files *source.Snapshot) error {
	return s.beginUpgrade(ctx, path, files, s.supervisor.Scales(), s.servers)
}

func (s *supervision) noteChange(p *process.Process) {
	s.memory.Used()
	if p.IsOver() {
		s.journal.Changed(p) // the journal forgets the process
	}
}

// activate starts the supervisor's groups, which run until supervising ends, adopts the
// children of an earlier daemon, and writes the journal until ctx ends.
func (s *supervision) activate(ctx, supervising context.Context) error {
	if err := s.supervisor.Activate(supervising); err != nil {
		return err
	}
	s.spawner.ResumeReaping()
	s.claim.DiscardUnclaimed()
	if s.handover != nil {
		s.handover.Descriptors.Close() // of what is not configured any more
	}
	if s.journal != nil {
		s.helpers.Go(func() { s.journal.Run(ctx, s.supervisor) })
	}
	return nil
}

func (s *supervision) newRPC() (http.Handler, error) {
	own, twiddlers := s.namespaces()
	services := rpc.Services{
		Daemon: s.supervisor, Reports: s.supervisor, Control: s.supervisor, Signals: s.supervisor,
		Groups: s.supervisor, Logs: s.supervisor.Logs(), Runs: s.supervisor.Logs(), Operations: s.operations,
	}
	return rpc.New(rpc.Options{
		Services: services, Namespaces: own, Twiddlers: twiddlers, Version: Version, Upgrades: s.upgradeCount(), Log: s.log,
	})
}

// serve starts the helpers: the servers, and what handles signals, upgrades and memory
// until ctx ends, and rolling operations until supervising ends.
func (s *supervision) serve(ctx, supervising context.Context, handler http.Handler) {
	if len(s.claim.Processes) > 0 {
		s.memory.StartsDone() // to adopt many children takes as much memory as to start them
	}
	pages := web.New(web.Options{Supervisor: s.supervisor, Logs: s.supervisor.Logs(), Version: Version, Log: s.log})
	handlers := httpd.Handlers{
		RPC: s.memory.CountRequests(handler), Logs: s.supervisor.Logs(), Events: s.bus, LogFiles: s.supervisor.Logs(),
		Web: func(c config.Server) http.Handler { return s.memory.CountRequests(pages.Handler(c)) },
	}
	s.helpers.Go(func() {
		if err := s.servers.Serve(ctx, handlers); err != nil {
			s.log.Error(fmt.Sprintf("serve: %v", err))
		}
	})
	s.helpers.Go(func() { s.handleSignals(ctx, s.supervisor) })
	s.helpers.Go(func() { s.memory.Run(ctx) })
	s.helpers.Go(func() { s.stopForUpgrade(ctx) })
	s.helpers.Go(func() { s.operations.Run(supervising) })
}

// await runs the supervisor until it ends, and returns how the run ended.
func (s *supervision) await(supervising context.Context) (end runEnd) {
	end.mood = s.supervisor.Run(supervising)
	end.exitReason, s.status = s.supervisor.ExitReason()
	end.next = s.supervisor.NextConfig()
	// A shutdown may have begun when it was too late to cancel an upgrade.
	end.allStopped = end.mood != states.DaemonRunning && len(s.supervisor.Unstopped()) == 0
	if !end.allStopped && s.upgrade.isReady() {
		s.stopMonitor()
		end.handover, end.binary = s.buildHandover(), s.upgrade.binary
		switch end.mood { // the next binary completes it
		case states.DaemonShutdown:
			end.handover.Signals = append(end.handover.Signals, int(syscall.SIGTERM))
		case states.DaemonRestarting:
			end.handover.Signals = append(end.handover.Signals, int(syscall.SIGHUP))
		case states.DaemonRunning:
		}
	}
	return end
}

// close ends the helpers and waits for them.
func (s *supervision) close() {
	s.stopMonitor()
	s.monitor.Close()
	s.sockets.Close()
	s.cancel()
	s.helpers.Wait()
}
