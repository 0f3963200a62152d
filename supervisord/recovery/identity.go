package recovery

import (
	"os"
	"path/filepath"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/system/boottime"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/system/procfs"
)

// configNames returns the names of a configuration: its file, and the pidfile that it
// names. Two configurations with a name in common are the same. The default pidfile is
// in the directory in which the daemon happens to be started, so it is no name; nor is a
// pidfile that belongs to a supervisor of this daemon.
func configNames(conf *config.Config) []string {
	path := conf.Path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	bootID := boottime.BootID()
	names := []string{bootID + " file " + path}
	d := &conf.Supervisord
	if d.PidfileSet && !procfs.IsAncestor(daemon.ReadPID(d.Pidfile)) {
		names = append(names, bootID+" pidfile "+d.Pidfile)
	}
	return names
}

// readPreviousPID returns the pid that an earlier daemon left in the pidfile, 0 if it shut
// down.
func (c *Claim) readPreviousPID() int {
	if c.pidfile.IsShared() {
		return 0 // it is another daemon's
	}
	pid := c.pidfile.PreviousPID()
	if c.pidfile == nil {
		pid = daemon.ReadPID(c.Config.Supervisord.Pidfile)
	}
	if pid <= 0 || pid == os.Getpid() || procfs.StartTime(pid) != 0 {
		return 0
	}
	return pid
}

// isInUse reports whether a process that the journal lists runs, or the daemon that keeps
// it.
func isInUse(record *journal.Contents) bool {
	if record.StartTime != 0 && procfs.StartTime(record.PID) == record.StartTime {
		return true
	}
	for _, entry := range record.Entries {
		if left := (process.Saved{State: entry.State}); left.IsAlive() {
			return true
		}
	}
	return false
}
