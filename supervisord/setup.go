package supervisord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/recovery"
	"supervisor/supervisord/system/daemon"
)

// setUpProcess sets what belongs to the process: subreaper, user and limits.
func (r *daemonRun) setUpProcess() error {
	d := r.conf.Supervisord
	if err := r.spawner.SetSubreaper(d.Subreaper != config.No); err != nil && d.Subreaper == config.Yes {
		r.conf.Warnings = append(r.conf.Warnings, fmt.Sprintf("subreaper=true can't be had here: %v", err))
	}
	switch {
	case d.UID != nil:
		if err := daemon.SetUser(*d.UID); err != nil {
			return err
		}
		r.conf.Infos = append(r.conf.Infos, fmt.Sprintf("Set uid to user %d succeeded", *d.UID))
	case os.Getuid() == 0:
		r.conf.Criticals = append(r.conf.Criticals, runningAsRoot)
	}
	if !r.first {
		return nil
	}
	infos, err := daemon.RaiseLimits(d.MinFDs, d.MinProcs)
	r.conf.Infos = append(r.conf.Infos, infos...)
	return err
}

const runningAsRoot = "Supervisor is running as root.  Privileges were not dropped because no user is specified in " +
	"the config file.  If you intend to run as root, you can set user=root in the config file to avoid this message."

// openLog opens the main log and logs what happened before.
func (r *daemonRun) openLog() (err error) {
	d := r.conf.Supervisord
	o := logs.MainOptions{
		Path:     d.Logfile,
		MaxBytes: d.LogfileMaxBytes,
		Backups:  d.LogfileBackups,
		Level:    logs.LevelFromSupervisor(int(d.LogLevel)),
		Ident:    filepath.Base(r.args[0]),
	}
	if d.NoDaemon && !d.Silent {
		o.Stdout = r.stdout
	}
	o.Report = func(err error) { r.mainLogFault(o, err) }
	if r.mainLog, err = logs.OpenMain(o); err != nil {
		return err
	}
	r.log = slog.New(r.mainLog.Handler())
	r.shared.logs.Set(r.mainLog.Handler())
	if r.upgradeFailure != "" { // all else was logged before the upgrade
		r.log.Warn(r.upgradeFailure)
		return nil
	}
	for _, batch := range []struct {
		level slog.Level
		lines []string
	}{
		{logs.LevelCritical, r.conf.Criticals},
		{logs.LevelWarn, r.conf.Warnings},
		{logs.LevelWarn, r.conf.ExtensionWarnings},
		{logs.LevelInfo, r.conf.Infos},
	} {
		for _, line := range batch.lines {
			r.log.Log(context.Background(), batch.level, line)
		}
	}
	return nil
}

// mainLogFault reports that the main log can't be written or rotated, or can be
// written again. The log reports it to its other outputs; if it has none, stderr or, in
// the background, syslog is told.
func (r *daemonRun) mainLogFault(o logs.MainOptions, err error) {
	r.log.Error(err.Error())
	switch outage, ok := errors.AsType[*logs.OutageError](err); {
	case ok && outage.Err == nil || o.Stdout != nil || o.Path == logs.Syslog:
	case r.conf.Supervisord.NoDaemon:
		fmt.Fprintf(r.stderr, "%v\n", err)
	default:
		logs.ToSyslog(o.Ident, err.Error())
	}
}

func (r *daemonRun) closeLog() {
	r.shared.logs.Set(nil)
	r.mainLog.Close()
}

// cleanUp removes the AUTO logs of earlier daemons. It comes after the sockets are
// bound: before, another instance might still write to them.
func (r *daemonRun) cleanUp(claim *recovery.Claim) {
	d := r.conf.Supervisord
	if d.NoCleanup || claim.IsDamaged() {
		return
	}
	failed, err := logs.CleanAuto(d.ChildLogDir, d.Identifier, claim.AutoLogs()...)
	if err != nil {
		r.log.Warn("Could not clear childlog dir")
	}
	for _, path := range failed {
		r.log.Warn("Failed to clean up " + python.Repr(path))
	}
}

// detach is the last step into the background.
func (r *daemonRun) detach() error {
	if !r.first || r.background == nil {
		return nil
	}
	r.log.Info("daemonizing the supervisord process")
	d := r.conf.Supervisord
	if d.Directory != "" {
		if err := os.Chdir(d.Directory); err != nil {
			r.log.Log(context.Background(), logs.LevelCritical,
				fmt.Sprintf("can't chdir into %s: %v", python.Repr(d.Directory), err))
		} else {
			r.log.Info("set current directory: " + python.Repr(d.Directory))
		}
	}
	daemon.SetUmask(d.Umask)
	return r.background.Detach()
}
