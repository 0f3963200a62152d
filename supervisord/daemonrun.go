package supervisord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/policy/exitpolicy"
	"supervisor/supervisord/policy/probe"
	"supervisor/supervisord/policy/rolling"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/server/httpd"
	"supervisor/supervisord/server/rpc"
	"supervisor/supervisord/server/web"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/daemon"
)

// daemonRun is the time from reading a configuration to the end of all programs.
type daemonRun struct {
	*mainProgram
	conf      *config.Config
	from      *source.Snapshot // what it was read from, nil once that is of no more use
	first     bool             // of this process
	bus       *events.Bus
	spawner   *spawn.Spawner
	sharedLog *switchableLog
	signals   *pendingSignals

	mainLog *logs.Main
	log     *slog.Logger

	earlyPipes     map[childID]*spawn.Orphan // children of an earlier daemon, with their pipes
	handedOver     *handover                 // of the life before, nil if it has left nothing
	upgradeMu      sync.Mutex                // guards successor and sites
	newBinary      *newBinary
	upgradeFailure string              // of the upgrade that this life follows, "" for none
	nextConfig     supervisor.Checked  // after a reload
	upgradeStarted chan struct{}       // closed when next is to take over
	exitReason     string              // why the supervisor gave up, "" if it did not
	handedServers  []httpd.SavedServer // once it is
}

// runOnce goes through one life. An error is for the user at the terminal:
// nothing has been started then. Otherwise it returns the mood that it ended in,
// or what it hands over.
func (l *daemonRun) runOnce(ctx context.Context) (mood states.Daemon, h *handover, err error) {
	if err := l.setUpProcess(); err != nil {
		return 0, nil, err
	}
	l.earlyPipes = l.reopenPipes()
	if err := l.openLog(); err != nil {
		return 0, nil, err
	}
	defer l.closeLog()
	if err := l.checkInterfaces(l.conf); err != nil {
		return 0, nil, err
	}
	servers, err := httpd.Listen(l.conf.Servers, l.serverOptions())
	if err != nil {
		return 0, nil, err
	}
	defer servers.Close()
	e, err := l.claimState()
	if err != nil {
		return 0, nil, err
	}
	defer e.release()
	l.conf, l.from = e.conf, nil // with what is scaled
	if l.handedOver != nil {
		l.handedOver.Files = nil
	}
	l.cleanUp(e)
	mood, h, err = l.supervise(ctx, servers, e)
	if h == nil {
		servers.CloseHandedOver(l.handedServers) // an upgrade may have been overtaken
	}
	if l.exitReason != "" { // the last line, from which one learns what the exit status means
		l.log.Warn(fmt.Sprintf("supervisord exits with status %d: %s", l.status, l.exitReason))
	}
	return mood, h, err
}

// supervise is what is left of a life once it can't be refused any more.
func (l *daemonRun) supervise(ctx context.Context, servers *httpd.Servers, e *savedState) (mood states.Daemon, h *handover, err error) {
	var s *supervisor.Supervisor // before anything changes
	defer func() {               // a signal may have been obeyed when the restart had been decided
		if err == nil && h == nil && s.Mood() == states.DaemonShutdown {
			mood = states.DaemonShutdown
		}
	}()
	ctx, end := context.WithCancel(ctx)
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer end()
	supervising, stop := context.WithCancel(ctx)
	defer stop()
	o := supervisor.Options{
		Config: l.conf,
		Loading: supervisor.Loading{
			Load: l.reload, LoadScaled: l.loadScaled, Scales: e.scales, LoadFrom: l.loadChecked,
			RereadError: l.files.RereadError, Program: l.makeProgram,
		},
		Check:   l.runProbe,
		Spawner: l.spawner,
		Events:  l.bus,
		Log:     l.log,
		Main:    l.mainLog,
		Environ: l.host.Environ,
		Stdout:  l.stdout,
		Saved:   supervisor.Saved{Processes: e.saved, Unconfigured: e.unconfigured, Resumed: l.handedOver != nil},
	}
	o.Hooks.Upgrade = func(ctx context.Context, binary string, from *source.Snapshot) error {
		return l.upgrade(ctx, binary, from, s.Scales(), servers)
	}
	o.Sockets = l.recoverSockets(e)
	defer o.Sockets.Close()
	if l.handedOver != nil {
		o.Saved.Pools = l.handedOver.pools()
		l.bus.SetSerial(l.handedOver.Serial)
	}
	journalWriter := e.newJournalWriter(func() bool { return s.Mood() != states.DaemonRunning },
		func(group, section string) config.Scale { return s.ScaleOf(group, section) })
	if e.journalEnabled {
		o.Hooks.Changed = func(p *process.Process) { journalWriter.Changed(journalItem{process: p}) }
		o.Hooks.Scaled = func(sc config.Scale) { journalWriter.Changed(journalItem{group: sc.Group, section: sc.Section}) }
		for _, sc := range e.scales {
			o.Hooks.Scaled(sc) // its record is a new one
		}
	}
	memory := newMemoryReleaser(l.spawner.SpawnCount)
	o.Hooks.Started = memory.noteStartsDone
	s = supervisor.New(o)
	s.Observe(func(p *process.Process) {
		memory.noteUse()
		if e.journalEnabled && p.IsOver() {
			journalWriter.Changed(journalItem{process: p}) // which makes it forget the process
		}
	})
	operations := rolling.New(rolling.Options{Supervisor: s, Log: l.log, UpgradeStarted: l.upgradeStarted})
	s.Explain(operations.Explain)
	s.Observe(l.exitPolicy(s, e, operations.IsProvisional).Changed)
	monitor, unwatch := l.startHealthMonitor(ctx, s)
	defer monitor.Close()
	defer unwatch()
	if err := s.Activate(supervising); err != nil {
		return 0, nil, err
	}
	l.spawner.ResumeReaping()
	e.staging.DiscardUnclaimed()
	if e.journalEnabled {
		// Not before all have been taken over: until then the record of the earlier
		// daemon is the only one that knows them all.
		helpers.Go(func() { journalWriter.Run(ctx) })
	}
	own, twiddlers := l.namespaces()
	rpcHandler, err := rpc.New(rpc.Options{Services: rpcServices(s, operations), Namespaces: own, Twiddlers: twiddlers, Version: Version, Upgrades: l.upgradeCount(), Log: l.log})
	if err != nil {
		return 0, nil, err
	}
	if err := l.detach(); err != nil {
		return 0, nil, err
	}
	l.logStart(e)
	if len(e.saved) > 0 {
		o.Hooks.Started() // to take over many takes as much
	}
	pages := web.New(web.Options{Supervisor: s, Version: Version, Log: l.log})
	helpers.Go(func() {
		if err := servers.Serve(ctx, httpd.Handlers{RPC: memory.countRequests(rpcHandler), Logs: s, Web: memory.countPageRequests(pages.Handler)}); err != nil {
			l.log.Error(fmt.Sprintf("serve: %v", err))
		}
	})
	helpers.Go(func() { l.handleSignals(ctx, s) })
	helpers.Go(func() { memory.run(ctx) })
	helpers.Go(func() { l.stopForUpgrade(ctx, servers, s, stop) })
	helpers.Go(func() { operations.Run(supervising) })
	e.allStopped = false
	mood = s.Run(supervising)
	l.exitReason, l.status = s.ExitReason()
	l.nextConfig = s.NextConfig()
	// A shutdown may have begun when it was too late to call an upgrade off.
	e.allStopped = mood != states.DaemonRunning && len(s.Unstopped()) == 0
	if !e.allStopped && l.isUpgrading() {
		e.handedOver = true
		unwatch()
		h := l.buildHandover(s, o.Sockets, e, monitor)
		switch mood { // the next one is to complete it
		case states.DaemonShutdown:
			h.Signals = append(h.Signals, int(syscall.SIGTERM))
		case states.DaemonRestarting:
			h.Signals = append(h.Signals, int(syscall.SIGHUP))
		case states.DaemonRunning:
		}
		return mood, h, nil
	}
	return mood, nil, nil
}

// runProbe asks something outside that a process waits for.
func (l *daemonRun) runProbe(ctx context.Context, p *process.Process, about config.Probe) error {
	c := probe.Checker{Spawner: l.spawner, Spec: p.HelperSpec}
	return c.Check(ctx, about)
}

// exitPolicy makes what ends the daemon for want of a program.
func (l *daemonRun) exitPolicy(s *supervisor.Supervisor, e *savedState, exempt func(*process.Process) bool) *exitpolicy.Policy {
	past := make(map[string]machine.Status, len(e.saved))
	for name, left := range e.saved {
		past[name] = left.Status
	}
	d := l.conf.Supervisord
	return exitpolicy.New(exitpolicy.Options{On: d.ExitOn, Status: d.ExitStatus, Saved: past, Exempt: exempt, ExitWith: s.ExitWith})
}

func rpcServices(s *supervisor.Supervisor, o *rolling.Operations) rpc.Services {
	return rpc.Services{Daemon: s, Reports: s, Control: s, Signals: s, Groups: s, Logs: s, Operations: o}
}

// namespaces lists the names under which methods are offered: those of
// supervisord, and those of the twiddler.
func (l *daemonRun) namespaces() (own []string, twiddlers []rpc.Twiddler) {
	for _, i := range l.conf.RPCInterfaces {
		switch {
		case i.BuiltIn:
			own = append(own, i.Name)
		case i.Twiddler:
			twiddlers = append(twiddlers, rpc.Twiddler{Namespace: i.Name, Whitelist: i.Whitelist})
		}
	}
	return own, twiddlers
}

// interfaces lists the names of the interfaces that there are, in file order.
func (l *daemonRun) interfaces() []string {
	var names []string
	for _, i := range l.conf.RPCInterfaces {
		if i.BuiltIn || i.Twiddler {
			names = append(names, i.Name)
		}
	}
	return names
}

// loadChecked is loadFrom for a configuration that must not fail later for want of
// an interface, when all programs have been stopped or nobody looks after them.
func (l *daemonRun) loadChecked(from *source.Snapshot, scales []config.Scale) (*config.Config, error) {
	conf, err := l.loadFrom(from, scales)
	if err == nil {
		err = l.checkInterfaces(conf)
	}
	return conf, err
}

// checkInterfaces refuses options that an interface doesn't take. A server makes
// the interfaces, so without one nobody minds.
func (l *daemonRun) checkInterfaces(conf *config.Config) error {
	if len(conf.Servers) == 0 {
		return nil
	}
	for _, i := range conf.RPCInterfaces {
		options := slices.Sorted(maps.Keys(i.Options))
		if i.Twiddler {
			options = slices.DeleteFunc(options, func(name string) bool { return name == "whitelist" })
		}
		if (i.BuiltIn || i.Twiddler) && len(options) > 0 {
			l.log.Warn(fmt.Sprintf("[%s] can't have these options, be they its own or from [DEFAULT]: %s",
				i.Section, strings.Join(options, ", ")))
			return fmt.Errorf("Could not make %s rpc interface", i.Name) //nolint:staticcheck // Supervisor's words
		}
	}
	return nil
}

// setUpProcess makes the process who it is to be.
func (l *daemonRun) setUpProcess() error {
	d := l.conf.Supervisord
	if err := l.spawner.SetSubreaper(d.Subreaper != config.No); err != nil && d.Subreaper == config.Yes {
		l.conf.Warnings = append(l.conf.Warnings, fmt.Sprintf("subreaper=true can't be had here: %v", err))
	}
	switch {
	case d.UID != nil:
		if err := daemon.SetUser(*d.UID); err != nil {
			return err
		}
		l.conf.Infos = append(l.conf.Infos, fmt.Sprintf("Set uid to user %d succeeded", *d.UID))
	case os.Getuid() == 0:
		l.conf.Criticals = append(l.conf.Criticals, runningAsRoot)
	}
	if !l.first {
		return nil
	}
	infos, err := daemon.RaiseLimits(d.MinFDs, d.MinProcs)
	l.conf.Infos = append(l.conf.Infos, infos...)
	return err
}

const runningAsRoot = "Supervisor is running as root.  Privileges were not dropped because no user is specified in " +
	"the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message."

// openLog opens the main log and writes down what has happened before.
func (l *daemonRun) openLog() (err error) {
	d := l.conf.Supervisord
	o := logs.MainOptions{
		Path:     d.Logfile,
		MaxBytes: d.LogfileMaxBytes,
		Backups:  d.LogfileBackups,
		Level:    logs.LevelFromSupervisor(int(d.LogLevel)),
		Ident:    filepath.Base(l.args[0]),
	}
	if d.NoDaemon && !d.Silent {
		o.Stdout = l.stdout
	}
	o.Report = func(err error) { l.mainLogFault(o, err) }
	if l.mainLog, err = logs.OpenMain(o); err != nil {
		return err
	}
	l.log = slog.New(l.mainLog.Handler())
	l.sharedLog.set(l.mainLog.Handler())
	if l.upgradeFailure != "" { // all else has been written down already
		l.log.Warn(l.upgradeFailure)
		return nil
	}
	for _, batch := range []struct {
		level slog.Level
		lines []string
	}{
		{logs.LevelCritical, l.conf.Criticals},
		{logs.LevelWarn, l.conf.Warnings},
		{logs.LevelWarn, l.conf.ExtensionWarnings},
		{logs.LevelInfo, l.conf.Infos},
	} {
		for _, line := range batch.lines {
			l.log.Log(context.Background(), batch.level, line)
		}
	}
	return nil
}

// mainLogFault tells that the main log can't be written or rotated, or can be written
// again. What goes wrong with the file is told to its other readers by the log itself;
// where it has none, to stderr or, in the background, to syslog.
func (l *daemonRun) mainLogFault(o logs.MainOptions, err error) {
	l.log.Error(err.Error())
	switch outage, ok := errors.AsType[*logs.OutageError](err); {
	case ok && outage.Err == nil || o.Stdout != nil || o.Path == logs.Syslog:
	case l.conf.Supervisord.NoDaemon:
		fmt.Fprintf(l.stderr, "%v\n", err)
	default:
		logs.ToSyslog(o.Ident, err.Error())
	}
}

func (l *daemonRun) closeLog() {
	l.sharedLog.set(nil)
	l.mainLog.Close()
}

// cleanUp removes the automatic logs of earlier lives. It comes after the
// sockets are bound: before, another instance might still be writing to them.
func (l *daemonRun) cleanUp(e *savedState) {
	d := l.conf.Supervisord
	if d.NoCleanup || e.damaged {
		return
	}
	failed, err := logs.CleanAuto(d.ChildLogDir, d.Identifier, e.autoLogs()...)
	if err != nil {
		l.log.Warn("Could not clear childlog dir")
	}
	for _, path := range failed {
		l.log.Warn("Failed to clean up " + python.Repr(path))
	}
}

// detach is the last step into the background.
func (l *daemonRun) detach() error {
	if !l.first || l.background == nil {
		return nil
	}
	l.log.Info("daemonizing the supervisord process")
	d := l.conf.Supervisord
	if d.Directory != "" {
		if err := os.Chdir(d.Directory); err != nil {
			l.log.Log(context.Background(), logs.LevelCritical,
				fmt.Sprintf("can't chdir into %s: %v", python.Repr(d.Directory), err))
		} else {
			l.log.Info("set current directory: " + python.Repr(d.Directory))
		}
	}
	daemon.SetUmask(d.Umask)
	return l.background.Detach()
}

func (l *daemonRun) serverOptions() httpd.Options {
	o := httpd.Options{Log: l.log, Stderr: l.stderr, Interfaces: l.interfaces(), Announced: l.upgradeFailure != ""}
	if l.handedOver != nil {
		o.Saved = l.handedOver.Servers
	}
	return o
}

// logStart tells who the daemon is.
func (l *daemonRun) logStart(e *savedState) {
	if l.handedOver != nil {
		l.log.Info(fmt.Sprintf("supervisord goes on after upgrade %d with pid %d", l.handedOver.Upgrades, os.Getpid()))
		return
	}
	if e.pidfileErr != nil {
		l.log.Log(context.Background(), logs.LevelCritical, "could not write pidfile "+l.conf.Supervisord.Pidfile)
	}
	l.log.Info(fmt.Sprintf("supervisord started with pid %d", os.Getpid()))
}
