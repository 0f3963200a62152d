package supervisord

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/procfs"
)

// childID tells one child from all others.
type childID struct {
	pid       int
	startTime uint64
}

// reopenPipes opens the pipes of all children of a daemon that has crashed, as far
// as its record tells of them. It comes first of all at a start: what such a
// child has written is lost if it ends while nobody has its pipe. Nothing is
// changed by it, whoever the children turn out to be.
func (l *daemonRun) reopenPipes() map[childID]*spawn.Orphan {
	d := l.conf.Supervisord
	if !l.first || d.StateFile == "" || d.Orphans == config.LeaveOrphans {
		return nil
	}
	record, err := journal.Read(d.StateFile)
	if err != nil || record.World != journal.BootID() || !record.MatchesConfig(configNames(l.conf)) || procfs.StartTime(record.PID) == record.Born {
		return nil
	}
	list := make(map[childID]*spawn.Orphan)
	e := savedState{}
	for _, entry := range record.Entries {
		o := e.fromEntry(&entry).Child
		if o.Reopen(); o.FDs != nil {
			list[childID{o.PID, o.StartTime}] = &o
		}
	}
	return list
}

// attachPipes gives the children that are there the pipes that have been opened
// before, and opens those of the others.
func (e *savedState) attachPipes(earlyPipes map[childID]*spawn.Orphan) {
	for _, left := range e.saved {
		is := childID{left.Child.PID, left.Child.StartTime}
		if o := earlyPipes[is]; o != nil && left.Child.FDs == nil {
			left.Child.FDs = o.FDs
			delete(earlyPipes, is)
		}
		left.Child.Reopen()
	}
	for _, o := range earlyPipes {
		o.Close()
	}
}
