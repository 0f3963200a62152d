package recovery

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
	"supervisor/supervisord/system/procfs"
)

// Pipes are the open pipes of children that an earlier daemon left.
type Pipes map[childID]*spawn.Orphan

// childID tells one child from all others.
type childID struct {
	pid       int
	startTime uint64
}

// OpenPipes opens the pipes of all children that the journal of a crashed daemon
// lists. It is the first step of a start: what such a child has written is lost if it
// ends while no process has its pipe open. It changes nothing, so it does no harm if
// the children turn out to be those of a daemon that is alive.
func OpenPipes(conf *config.Config) Pipes {
	d := conf.Supervisord
	if d.StateFile == "" || d.Orphans == config.LeaveOrphans {
		return nil
	}
	record, err := journal.Read(d.StateFile)
	if err != nil || record.BootID != boottime.BootID() || !record.MatchesConfig(configNames(conf)) || procfs.StartTime(record.PID) == record.StartTime {
		return nil
	}
	open := make(Pipes)
	for _, entry := range record.Entries {
		left := process.Saved{State: entry.State}
		o := left.Orphan()
		if o.Reopen(); o.FDs != nil {
			open[childID{o.PID, o.StartTime}] = o
		}
	}
	return open
}

// attachPipes gives the children the pipes that OpenPipes has opened, and opens those
// of the others.
func (c *Claim) attachPipes(open Pipes) {
	for _, left := range c.Processes {
		id := childID{left.PID, left.StartTime}
		if o := open[id]; o != nil && left.Pipes == nil {
			left.Pipes = o.FDs
			delete(open, id)
		}
		left.OpenPipes()
	}
	for _, o := range open {
		o.Close()
	}
}
