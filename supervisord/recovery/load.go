package recovery

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/system/boottime"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/system/procfs"
)

// readJournal reads what the earlier daemon left. first says that it may have crashed.
// It fails with a *daemon.LockedError if the daemon that keeps the journal is alive.
func (c *Claim) readJournal(first bool) error {
	path := c.Config.Supervisord.StateFile
	record, err := journal.Read(path)
	bad, isBad := errors.AsType[*journal.BadError](err)
	if c.previousPID != 0 {
		c.previous = crashed
	}
	switch {
	case path == "", errors.Is(err, fs.ErrNotExist), isBad && c.pidfile.IsShared(): // it may be the other daemon's
		if first {
			c.findSurvivors(0)
		}
		return nil
	case isBad:
		c.damaged, c.previous = true, crashed
		backup := path + ".bad"
		if err := os.Rename(path, backup); err != nil {
			backup = path
		}
		c.log.Warn(fmt.Sprintf("%v; it is kept as %s, and programs are looked for without it", bad, backup))
		c.findSurvivors(0)
		return nil
	case err != nil:
		c.damaged, c.previous = true, crashed
		c.log.Warn(fmt.Sprintf("read the state file: %v; programs are looked for without it", err))
		c.findSurvivors(0)
		return nil
	case record.BootID != boottime.BootID():
		return nil // no child can have survived
	case !record.MatchesConfig(c.configNames):
		c.foreign = isInUse(record)
		if first {
			c.findSurvivors(0)
		}
		return nil
	case record.PID != os.Getpid() && record.StartTime != 0 && procfs.StartTime(record.PID) == record.StartTime:
		return &daemon.LockedError{Path: path, PID: record.PID}
	}
	c.applyJournal(record)
	return nil
}

// applyJournal restores what the journal lists and looks for other children.
func (c *Claim) applyJournal(record *journal.Contents) {
	c.previous = recorded
	if record.Damage != "" {
		c.keepDamagedCopy(c.Config.Supervisord.StateFile, record.Damage)
	}
	c.rescale(scalesOf(record))
	for _, entry := range record.Entries {
		if entry.Scale != nil {
			continue
		}
		if record.ShuttingDown {
			c.applyShutdown(&entry)
		}
		c.addEntry(&entry)
	}
	c.assignUnmatched(record.ShuttingDown)
	c.findSurvivors(record.CompleteUntil)
}

// keepDamagedCopy keeps the damaged journal under another name, for people to look at.
// What could be read of it is used.
func (c *Claim) keepDamagedCopy(path, why string) {
	backup := path + ".bad"
	os.Remove(backup)
	if err := os.Link(path, backup); err != nil {
		backup = path
	}
	c.log.Warn(fmt.Sprintf("state file %s %s; it is kept as %s, and what it says otherwise is used", path, why, backup))
}

// scalesOf returns the scales that a journal lists.
func scalesOf(record *journal.Contents) []config.Scale {
	var list []config.Scale
	for _, e := range record.Entries {
		if s := e.Scale; s != nil && (s.Numprocs != s.Configured || s.Surplus > 0) {
			list = append(list, config.Scale{Group: e.Group, Section: e.Name, Numprocs: s.Numprocs, Surplus: s.Surplus, Of: s.Configured})
		}
	}
	return list
}

// addEntry restores what the journal says of one process.
func (c *Claim) addEntry(entry *journal.Entry) {
	left := &process.Saved{State: entry.State, Unwanted: c.killsOrphans()}
	if c.processConfig(entry.Group, entry.Name) == nil {
		if left.IsAlive() {
			c.unmatched = append(c.unmatched, left)
		}
		return
	}
	c.Processes[namespec.Join(entry.Group, entry.Name)] = left
}

// applyShutdown changes an entry to what it would be if the daemon, which was about to
// end, had ended: every process that has stopped starts as configured.
func (c *Claim) applyShutdown(entry *journal.Entry) {
	p := c.processConfig(entry.Group, entry.Name)
	if entry.PID == 0 {
		entry.State = process.State{Group: entry.Group, Name: entry.Name}
	}
	entry.StartPending = entry.Status.State == states.Stopping && p != nil && p.Autostart
}
