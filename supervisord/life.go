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
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/policy/exitpolicy"
	"supervisor/supervisord/policy/probe"
	"supervisor/supervisord/policy/rolling"
	"supervisor/supervisord/process"
	"supervisor/supervisord/server/httpd"
	"supervisor/supervisord/server/rpc"
	"supervisor/supervisord/server/web"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/daemon"
)

// life is the time from reading a configuration to the end of all programs.
type life struct {
	*mainProgram
	conf     *config.Config
	from     *config.Snapshot // what it was read from, nil once that is of no more use
	first    bool             // of this process
	bus      *events.Bus
	spawner  *spawn.Spawner
	switched *switchedLog
	signals  *pendingSignals

	main *logs.Main
	log  *slog.Logger

	early     map[child]*spawn.Orphan // children of an earlier daemon, with their pipes
	heritage  *handover               // of the life before, nil if it has left nothing
	upgrading sync.Mutex              // guards successor and sites
	successor *successorOf
	failure   string             // of the upgrade that this life follows, "" for none
	next      supervisor.Checked // after a reload
	leaving   chan struct{}      // closed when next is to take over
	cause     string             // why the supervisor gave up, "" if it did not
	sites     []httpd.Bequest    // once it is
}

// live goes through one life. An error is for the user at the terminal:
// nothing has been started then. Otherwise it returns the mood that it ended in,
// or what it hands over.
func (l *life) live(ctx context.Context) (mood states.Daemon, h *handover, err error) {
	if err := l.settleIn(); err != nil {
		return 0, nil, err
	}
	l.early = l.reopenPipes()
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
	e, err := l.claim()
	if err != nil {
		return 0, nil, err
	}
	defer e.release()
	l.conf, l.from = e.conf, nil // with what is scaled
	if l.heritage != nil {
		l.heritage.Files = nil
	}
	l.cleanUp(e)
	mood, h, err = l.run(ctx, servers, e)
	if h == nil {
		servers.TakeBack(l.sites) // an upgrade may have been overtaken
	}
	if l.cause != "" { // the last line, from which one learns what the exit status means
		l.log.Warn(fmt.Sprintf("supervisord exits with status %d: %s", l.status, l.cause))
	}
	return mood, h, err
}

// run is what is left of a life once it can't be refused any more.
func (l *life) run(ctx context.Context, servers *httpd.Servers, e *estate) (mood states.Daemon, h *handover, err error) {
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
		Config:     l.conf,
		Load:       l.reload,
		Scales:     e.scales,
		LoadScaled: l.loadScaled,
		LoadFrom:   l.loadUsable,

		RereadError:  l.files.RereadError,
		Program:      l.program,
		Check:        l.check,
		Spawner:      l.spawner,
		Events:       l.bus,
		Log:          l.log,
		Main:         l.main,
		Environ:      l.host.Environ,
		Stdout:       l.stdout,
		Estates:      e.left,
		Unconfigured: e.unconfigured,

		Resumed: l.heritage != nil,
		Upgrade: func(ctx context.Context, binary string, from *config.Snapshot) error {
			return l.upgrade(ctx, binary, from, s.Scales(), servers)
		},
	}
	o.Sockets = l.sockets(e)
	defer o.Sockets.Close()
	if l.heritage != nil {
		o.Pools = l.heritage.pools()
		l.bus.GoOn(l.heritage.Serial)
	}
	keeper := e.keeper(func() bool { return s.Mood() != states.DaemonRunning },
		func(group, section string) config.Scale { return s.ScaleOf(group, section) })
	if e.keeps {
		o.Changed = func(p *process.Process) { keeper.Changed(subject{process: p}) }
		o.Scaled = func(sc config.Scale) { keeper.Changed(subject{group: sc.Group, section: sc.Section}) }
		for _, sc := range e.scales {
			o.Scaled(sc) // its record is a new one
		}
	}
	memory := newMemory(l.spawner.Births)
	o.Started = memory.startsAreOver
	s = supervisor.New(o)
	s.Observe(func(p *process.Process) {
		memory.isUsed()
		if e.keeps && p.IsOver() {
			keeper.Changed(subject{process: p}) // which makes it forget the process
		}
	})
	operations := rolling.New(rolling.Options{Supervisor: s, Log: l.log, Leaving: l.leaving})
	s.Explain(operations.Explain)
	s.Observe(l.exitPolicy(s, e, operations.OnTrial).Changed)
	monitor, unwatch := l.watch(ctx, s)
	defer monitor.Close()
	defer unwatch()
	if err := s.Activate(supervising); err != nil {
		return 0, nil, err
	}
	l.spawner.Release()
	e.tray.Forget()
	if e.keeps {
		// Not before all have been taken over: until then the record of the earlier
		// daemon is the only one that knows them all.
		helpers.Go(func() { keeper.Run(ctx) })
	}
	own, twiddlers := l.namespaces()
	door, err := rpc.New(rpc.Options{Supervisor: s, Operations: operations, Namespaces: own, Twiddlers: twiddlers, Version: Version, Upgrades: l.upgrades(), Log: l.log})
	if err != nil {
		return 0, nil, err
	}
	if err := l.detach(); err != nil {
		return 0, nil, err
	}
	l.notePid(e)
	if len(e.left) > 0 {
		o.Started() // to take over many takes as much
	}
	pages := web.New(web.Options{Supervisor: s, Version: Version, Log: l.log})
	helpers.Go(func() {
		if err := servers.Serve(ctx, httpd.Handlers{RPC: memory.whileServing(door), Logs: s, Web: memory.whileServingPages(pages.Handler)}); err != nil {
			l.log.Error(fmt.Sprintf("serve: %v", err))
		}
	})
	helpers.Go(func() { l.obey(ctx, s) })
	helpers.Go(func() { memory.run(ctx) })
	helpers.Go(func() { l.leave(ctx, servers, s, stop) })
	helpers.Go(func() { operations.Run(supervising) })
	e.settled = false
	mood = s.Run(supervising)
	l.cause, l.status = s.Verdict()
	l.next = s.Next()
	// A shutdown may have begun when it was too late to call an upgrade off.
	e.settled = mood != states.DaemonRunning && len(s.Unstopped()) == 0
	if !e.settled && l.isLeaving() {
		e.handed = true
		unwatch()
		h := l.handOver(s, e, monitor)
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

// check asks something outside that a process waits for.
func (l *life) check(ctx context.Context, p *process.Process, about config.Probe) error {
	c := probe.Checker{Spawner: l.spawner, Spec: p.Errand}
	return c.Check(ctx, about)
}

// exitPolicy makes what ends the daemon for want of a program.
func (l *life) exitPolicy(s *supervisor.Supervisor, e *estate, spares func(*process.Process) bool) *exitpolicy.Policy {
	past := make(map[string]process.Status, len(e.left))
	for name, left := range e.left {
		past[name] = left.Past
	}
	d := l.conf.Supervisord
	return exitpolicy.New(exitpolicy.Options{On: d.ExitOn, Status: d.ExitStatus, Past: past, Spares: spares, GiveUp: s.GiveUp})
}

// namespaces lists the names under which methods are offered: those of
// supervisord, and those of the twiddler.
func (l *life) namespaces() (own []string, twiddlers []rpc.Twiddler) {
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
func (l *life) interfaces() []string {
	var names []string
	for _, i := range l.conf.RPCInterfaces {
		if i.BuiltIn || i.Twiddler {
			names = append(names, i.Name)
		}
	}
	return names
}

// loadUsable is loadFrom for a configuration that must not fail later for want of
// an interface, when all programs have been stopped or nobody looks after them.
func (l *life) loadUsable(from *config.Snapshot, scales []config.Scale) (*config.Config, error) {
	conf, err := l.loadFrom(from, scales)
	if err == nil {
		err = l.checkInterfaces(conf)
	}
	return conf, err
}

// checkInterfaces refuses options that an interface doesn't take. A server makes
// the interfaces, so without one nobody minds.
func (l *life) checkInterfaces(conf *config.Config) error {
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

// settleIn makes the process who it is to be.
func (l *life) settleIn() error {
	d := l.conf.Supervisord
	if err := l.spawner.BeSubreaper(d.Subreaper != config.No); err != nil && d.Subreaper == config.Yes {
		l.conf.Warnings = append(l.conf.Warnings, fmt.Sprintf("subreaper=true can't be had here: %v", err))
	}
	switch {
	case d.UID != nil:
		if err := daemon.Become(*d.UID); err != nil {
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
func (l *life) openLog() (err error) {
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
	o.Fault = func(err error) { l.mainLogFault(o, err) }
	if l.main, err = logs.OpenMain(o); err != nil {
		return err
	}
	l.log = slog.New(l.main.Handler())
	l.switched.to(l.main.Handler())
	if l.failure != "" { // all else has been written down already
		l.log.Warn(l.failure)
		return nil
	}
	for _, batch := range []struct {
		level slog.Level
		lines []string
	}{
		{logs.LevelCritical, l.conf.Criticals},
		{logs.LevelWarn, l.conf.Warnings},
		{logs.LevelWarn, l.conf.Advice},
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
func (l *life) mainLogFault(o logs.MainOptions, err error) {
	l.log.Error(err.Error())
	switch outage, ok := errors.AsType[*logs.OutageError](err); {
	case ok && outage.Err == nil || o.Stdout != nil || o.Path == logs.Syslog:
	case l.conf.Supervisord.NoDaemon:
		fmt.Fprintf(l.stderr, "%v\n", err)
	default:
		logs.ToSyslog(o.Ident, err.Error())
	}
}

func (l *life) closeLog() {
	l.switched.to(nil)
	l.main.Close()
}

// cleanUp removes the automatic logs of earlier lives. It comes after the
// sockets are bound: before, another instance might still be writing to them.
func (l *life) cleanUp(e *estate) {
	d := l.conf.Supervisord
	if d.NoCleanup || e.damaged {
		return
	}
	failed, err := logs.CleanAuto(d.ChildLogDir, d.Identifier, e.logs()...)
	if err != nil {
		l.log.Warn("Could not clear childlog dir")
	}
	for _, path := range failed {
		l.log.Warn("Failed to clean up " + python.Repr(path))
	}
}

// detach is the last step into the background.
func (l *life) detach() error {
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

func (l *life) serverOptions() httpd.Options {
	o := httpd.Options{Log: l.log, Stderr: l.stderr, Interfaces: l.interfaces(), Known: l.failure != ""}
	if l.heritage != nil {
		o.Inherited = l.heritage.Servers
	}
	return o
}

// notePid tells who the daemon is.
func (l *life) notePid(e *estate) {
	if l.heritage != nil {
		l.log.Info(fmt.Sprintf("supervisord goes on after upgrade %d with pid %d", l.heritage.Upgrades, os.Getpid()))
		return
	}
	if e.noPid != nil {
		l.log.Log(context.Background(), logs.LevelCritical, "could not write pidfile "+l.conf.Supervisord.Pidfile)
	}
	l.log.Info(fmt.Sprintf("supervisord started with pid %d", os.Getpid()))
}
