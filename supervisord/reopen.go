package supervisord

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
)

// child tells one child from all others.
type child struct {
	pid  int
	born uint64
}

// reopenPipes opens the pipes of all children of a daemon that has crashed, as far
// as its record tells of them. It comes first of all at a start: what such a
// child has written is lost if it ends while nobody has its pipe. Nothing is
// changed by it, whoever the children turn out to be.
func (l *life) reopenPipes() map[child]*spawn.Orphan {
	d := l.conf.Supervisord
	if !l.first || d.StateFile == "" || d.Orphans == config.LeaveOrphans {
		return nil
	}
	record, err := journal.Read(d.StateFile)
	if err != nil || record.World != journal.World() || !record.IsOf(namesOf(l.conf)) || spawn.Birthday(record.PID) == record.Born {
		return nil
	}
	list := make(map[child]*spawn.Orphan)
	e := estate{}
	for _, entry := range record.Entries {
		o := e.past(&entry).Child
		if o.Reopen(); o.FDs != nil {
			list[child{o.PID, o.Born}] = &o
		}
	}
	return list
}

// reopen gives the children that are there the pipes that have been opened
// before, and opens those of the others.
func (e *estate) reopen(early map[child]*spawn.Orphan) {
	for _, left := range e.left {
		is := child{left.Child.PID, left.Child.Born}
		if o := early[is]; o != nil && left.Child.FDs == nil {
			left.Child.FDs = o.FDs
			delete(early, is)
		}
		left.Child.Reopen()
	}
	for _, o := range early {
		o.Close()
	}
}
