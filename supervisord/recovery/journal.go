package recovery

import (
	"context"
	"fmt"
	"os"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/system/boottime"
	"supervisor/supervisord/system/procfs"
)

// Journal records changes for a later daemon. Its methods never block, but for Run.
// A nil Journal records nothing.
type Journal struct {
	writer *journal.Writer[item]
	source Source
}

// Source is the supervisor whose changes are recorded.
type Source interface {
	Mood() states.Daemon
	ScaleOf(group, section string) config.Scale
}

// item is one subject of the journal: a process, or the scale of a program.
type item struct {
	process        *process.Process
	group, section string // if process is nil
}

// Journal returns the journal of this daemon, nil if it can't keep one. The scales in
// force are recorded first.
func (c *Claim) Journal() *Journal {
	if !c.HasJournal {
		return nil
	}
	j := &Journal{}
	header := journal.Header{BootID: boottime.BootID(), PID: os.Getpid(), StartTime: procfs.StartTime(os.Getpid()), Names: c.configNames}
	isShuttingDown := func() bool { return j.source.Mood() != states.DaemonRunning }
	j.writer = journal.NewWriter(c.Config.Supervisord.StateFile, header, j.entry, isShuttingDown, func(err error) {
		c.log.Warn(fmt.Sprintf("write the state file: %v", err))
	})
	for _, scale := range c.Scales {
		j.Scaled(scale)
	}
	return j
}

// Changed records the status of a process, or forgets a process that is over.
func (j *Journal) Changed(p *process.Process) {
	if j != nil {
		j.writer.Changed(item{process: p})
	}
}

// Scaled records the scale of a program.
func (j *Journal) Scaled(s config.Scale) {
	if j != nil {
		j.writer.Changed(item{group: s.Group, section: s.Section})
	}
}

// Run writes to the journal until ctx ends. It starts when all children of the earlier
// daemon have been adopted: until then only the earlier journal lists them all.
func (j *Journal) Run(ctx context.Context, source Source) {
	if j == nil {
		return
	}
	j.source = source
	j.writer.Run(ctx)
}

// entry returns what is to be recorded, and false if that is to be forgotten.
func (j *Journal) entry(i item, complete bool) (journal.Entry, bool) {
	switch {
	case i.process != nil && complete:
		return journal.Entry{State: i.process.CompleteState()}, !i.process.IsOver()
	case i.process != nil:
		return journal.Entry{State: i.process.State()}, !i.process.IsOver()
	}
	s := j.source.ScaleOf(i.group, i.section)
	return journal.Entry{
		State: process.State{Group: i.group, Name: i.section},
		Scale: &journal.Scale{Numprocs: s.Numprocs, Surplus: s.Surplus, Configured: s.Of},
	}, true
}
