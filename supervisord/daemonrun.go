package supervisord

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/recovery"
	"supervisor/supervisord/server/httpd"
	"supervisor/supervisord/supervisor/loaded"
)

// daemonRun is one run of the daemon: the time from reading a configuration to the end
// of all programs.
type daemonRun struct {
	*mainProgram
	*shared
	conf           *config.Config
	from           *source.Snapshot   // what conf was read from, nil once that is not needed any more
	first          bool               // this is the first run of this process, and nothing was handed over
	handover       *recovery.Handover // what this run goes on with, nil for nothing
	upgradeFailure string             // why the upgrade failed that this run follows, "" for none

	mainLog *logs.Main
	log     *slog.Logger
	upgrade *upgrade
}

// runEnd is how a run ended.
type runEnd struct {
	mood       states.Daemon
	allStopped bool           // no program runs any more
	next       loaded.Checked // the configuration of the next run, after a restart
	exitReason string         // why the supervisor gave up, "" if it did not

	// handover and binary are set if another binary is to go on.
	handover *recovery.Handover
	binary   recovery.Binary
}

// run runs the daemon once. An error is for the user at the terminal: no program has
// been started then.
func (r *daemonRun) run(ctx context.Context) (end runEnd, err error) {
	if err := r.setUpProcess(); err != nil {
		return end, err
	}
	var pipes recovery.Pipes
	if r.first {
		pipes = recovery.OpenPipes(r.conf)
	}
	if err := r.openLog(); err != nil {
		return end, err
	}
	defer r.closeLog()
	if err := r.checkInterfaces(r.conf); err != nil {
		return end, err
	}
	servers, err := httpd.Listen(r.conf.Servers, r.serverOptions())
	if err != nil {
		return end, err
	}
	defer servers.Close()
	claim, err := recovery.Open(r.recoveryOptions(pipes))
	if err != nil {
		return end, err
	}
	end.allStopped = claim.IsEmpty()
	defer func() {
		if end.handover == nil {
			claim.Release(end.allStopped)
		}
	}()
	r.conf, r.from = claim.Config, nil
	if r.handover != nil {
		r.handover.Files = nil
	}
	r.cleanUp(claim)
	err = r.supervise(ctx, servers, claim, &end)
	if end.handover == nil {
		servers.CloseHandedOver(r.upgrade.open) // a shutdown may have overtaken the upgrade
	}
	if end.exitReason != "" { // the last line explains the exit status
		r.log.Warn(fmt.Sprintf("supervisord exits with status %d: %s", r.status, end.exitReason))
	}
	return end, err
}

// supervise runs the programs. Nothing can refuse the configuration any more, except
// for its RPC interfaces.
func (r *daemonRun) supervise(ctx context.Context, servers *httpd.Servers, claim *recovery.Claim, end *runEnd) error {
	ctx, cancel := context.WithCancel(ctx)
	supervising, stop := context.WithCancel(ctx)
	s := r.newSupervision(ctx, servers, claim)
	s.cancel, s.stop = cancel, stop
	defer func() {
		s.close()
		// A signal may have been handled after the restart was decided.
		if end.handover == nil && s.supervisor.Mood() == states.DaemonShutdown {
			end.mood = states.DaemonShutdown
		}
	}()
	if err := s.activate(ctx, supervising); err != nil {
		return err
	}
	handler, err := s.newRPC()
	if err != nil {
		return err
	}
	if err := r.detach(); err != nil {
		return err
	}
	r.logStart(claim)
	s.serve(ctx, supervising, handler)
	*end = s.await(supervising)
	return nil
}

func (r *daemonRun) recoveryOptions(pipes recovery.Pipes) recovery.Options {
	o := recovery.Options{
		Config: r.conf, Spawner: r.spawner, Log: r.log, Handover: r.handover, First: r.first, Umask: -1, Pipes: pipes,
		LoadScaled: func(scales []config.Scale) (*config.Config, error) { return r.loadFrom(r.from, scales) },
	}
	if r.background != nil {
		o.Umask = r.conf.Supervisord.Umask
	}
	return o
}

func (r *daemonRun) serverOptions() httpd.Options {
	o := httpd.Options{Log: r.log, Stderr: r.stderr, Interfaces: r.interfaces(), Announced: r.upgradeFailure != ""}
	if r.handover != nil {
		o.Saved, o.Descriptors = r.handover.Servers, r.handover.Descriptors
	}
	return o
}

// logStart logs which daemon this is.
func (r *daemonRun) logStart(claim *recovery.Claim) {
	if r.handover != nil {
		r.log.Info(fmt.Sprintf("supervisord goes on after upgrade %d with pid %d", r.handover.Upgrades, os.Getpid()))
		return
	}
	if claim.PidfileErr != nil {
		r.log.Log(context.Background(), logs.LevelCritical, "could not write pidfile "+r.conf.Supervisord.Pidfile)
	}
	r.log.Info(fmt.Sprintf("supervisord started with pid %d", os.Getpid()))
}

// upgradeCount returns how many upgrades this process has been through.
func (r *daemonRun) upgradeCount() int {
	if r.handover == nil {
		return 0
	}
	return r.handover.Upgrades
}
