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

// configNames tells what makes a configuration the same as that of another daemon:
// it stands in one file, or names one pidfile. A pidfile that it does not name is
// in the directory that the daemon happened to be started in, and one that a
// daemon's own supervisor has is not the daemon's.
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

// readPreviousPID returns the pid that a daemon has left in the pidfile, 0 if it has
// ended in order.
func (c *Claim) readPreviousPID() int {
	if c.pidfile.IsShared() {
		return 0 // it is another one's
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

// isInUse reports whether a record tells of processes that live, the daemon's own
// among them.
func isInUse(record *journal.Contents) bool {
	if record.Born != 0 && procfs.StartTime(record.PID) == record.Born {
		return true
	}
	for _, entry := range record.Entries {
		if left := (process.Saved{State: entry.State}); left.IsAlive() {
			return true
		}
	}
	return false
}
