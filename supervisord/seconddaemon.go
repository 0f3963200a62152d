package supervisord

import (
	"os"
	"path/filepath"

	"supervisor/supervisord/config"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/daemon"
)

// namesOf tells what makes a configuration the same as that of another daemon:
// it stands in one file, or names one pidfile. A pidfile that it does not name is
// in the directory that the daemon happened to be started in, and one that a
// daemon's own supervisor has is not the daemon's.
func namesOf(conf *config.Config) []string {
	path := conf.Path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	world := journal.World()
	names := []string{world + " file " + path}
	d := &conf.Supervisord
	if d.PidfileSet && !spawn.IsAncestor(daemon.PidIn(d.Pidfile)) {
		names = append(names, world+" pidfile "+d.Pidfile)
	}
	return names
}

// predecessor returns the pid that a daemon has left in the pidfile, 0 if it has
// ended in order.
func (e *estate) predecessor() int {
	if e.pidfile.IsShared() {
		return 0 // it is another one's
	}
	pid := e.pidfile.Before()
	if e.pidfile == nil {
		pid = daemon.PidIn(e.conf.Supervisord.Pidfile)
	}
	if pid <= 0 || pid == os.Getpid() || spawn.Birthday(pid) != 0 {
		return 0
	}
	return pid
}

// isInUse reports whether a record tells of processes that live, the daemon's own
// among them.
func (e *estate) isInUse(record *journal.Ledger) bool {
	if record.Born != 0 && spawn.Birthday(record.PID) == record.Born {
		return true
	}
	for _, entry := range record.Entries {
		if left := e.past(&entry); left.Child.IsAlive() {
			return true
		}
	}
	return false
}
