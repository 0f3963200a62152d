package supervisord

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/system/procfs"
)

// savedState is what an earlier daemon with this configuration has left, and the
// record for a later one.
type savedState struct {
	conf    *config.Config
	log     *slog.Logger
	spawner *spawn.Spawner

	pidfile        *daemon.Pidfile // nil if there can be none:
	pidfileErr     error           // for this reason
	staging        *output.Staging // nil for none
	journalEnabled bool            // a record
	damaged        bool            // the earlier one's record was, or there was none to tell of those found
	previous       previousRun     // in what is known of the earlier one
	configNames    []string        // by which two daemons know that they have one configuration
	foreign        bool            // the record there is of another configuration
	previousPID    int             // the earlier one's pid, 0 if it has left none
	handedOver     bool            // everything is, to the next
	allStopped     bool            // there are no programs
	saved          map[string]*supervisor.SavedState
	unmatched      []journal.Entry // of children that live and whose processes are not configured
	// unconfigured are those of strays that are nobody else's now.
	unconfigured []supervisor.Unconfigured

	scales           []config.Scale // that are in force
	configWithScales func([]config.Scale) (*config.Config, error)
}

// claimState takes the estate over. It fails with a *daemon.LockedError if its owner
// is alive.
func (l *daemonRun) claimState() (*savedState, error) {
	e := &savedState{conf: l.conf, log: l.log, spawner: l.spawner, saved: make(map[string]*supervisor.SavedState), configWithScales: l.configWithScales}
	d := l.conf.Supervisord
	e.configNames = configNames(l.conf)
	umask := -1
	if l.background != nil {
		umask = d.Umask
	}
	if h := l.handedOver; h != nil {
		e.pidfile = daemon.RestorePidfile(d.Pidfile, h.Pidfile, e.configNames...)
		e.rescale(h.Scales)
		h.restore(e)
	} else {
		e.pidfile, e.pidfileErr = daemon.ClaimPidfile(d.Pidfile, umask, e.configNames...)
	}
	if locked, ok := errors.AsType[*daemon.LockedError](e.pidfileErr); ok {
		return nil, locked
	}
	if l.handedOver == nil {
		e.previousPID = e.readPreviousPID()
	}
	if err := e.open(l.handedOver == nil, l.first); err != nil {
		e.pidfile.Remove()
		return nil, err
	}
	if l.handedOver == nil {
		e.attachPipes(l.earlyPipes)
	}
	e.allStopped = len(e.saved)+len(e.unconfigured) == 0
	return e, nil
}

// open finds out what there is, by the record of an earlier daemon or without
// it, and makes sure that there can be a record if possible. reads is false if
// there is a better source; searches tells that an earlier daemon may have
// ended without a word.
func (e *savedState) open(reads, searches bool) error {
	d := e.conf.Supervisord
	switch {
	case !spawn.CanAdopt:
		if d.StateFileSet || d.StateFile != "" && d.Orphans != config.LeaveOrphans {
			e.log.Info("programs that survive a crash of supervisord are not taken over on this system")
		}
		return nil
	case d.Orphans == config.LeaveOrphans:
		if d.StateFile != "" && !e.pidfile.IsShared() {
			journal.Remove(d.StateFile) // of an earlier policy
		}
		return nil
	}
	if reads {
		if err := e.readJournal(searches); err != nil {
			return err
		}
	}
	if e.journalEnabled = e.canWriteJournal(); !e.journalEnabled {
		return nil
	}
	e.staging = output.NewStaging(strings.TrimSuffix(d.StateFile, ".state")+".output", func(err error) {
		e.log.Info(fmt.Sprintf("output that is on its way when supervisord crashes will be lost: %v", err))
	})
	e.spawner.UseStaging(e.staging)
	return nil
}

// canWriteJournal reports whether there is a place for a record.
func (e *savedState) canWriteJournal() bool {
	const consequence = "programs that survive a crash of supervisord will not be taken over from a record, but looked for"
	d := e.conf.Supervisord
	dir := filepath.Dir(d.StateFile)
	switch {
	case e.pidfile.IsShared() || e.foreign:
		e.log.Warn(fmt.Sprintf("%s belongs to a supervisord with another configuration: this one goes on without a record of its programs; "+
			"give each a pidfile of its own", d.Pidfile))
		return false
	case d.StateFile == "" && d.StateFileSet:
		return false
	case d.StateFile == "":
		e.log.Info(consequence + ": there is no state_file beside a pidfile like this")
		return false
	case unix.Access(dir, unix.W_OK|unix.X_OK) != nil:
		e.log.Info(fmt.Sprintf("%s: %s can't be written to", consequence, dir))
		return false
	}
	return true
}

// release lets a later daemon have the estate. When nothing is left of it there
// is no record.
func (e *savedState) release() {
	if e.handedOver {
		return
	}
	if e.allStopped {
		e.spawner.UseStaging(nil)
		e.staging.Close()
		if e.journalEnabled {
			journal.Remove(e.conf.Supervisord.StateFile)
		}
	}
	e.pidfile.Remove()
}

// readJournal finds out who the orphans are. It fails with a *daemon.LockedError if the
// daemon that keeps the record is alive.
func (e *savedState) readJournal(searches bool) error {
	path := e.conf.Supervisord.StateFile
	record, err := journal.Read(path)
	bad, isBad := errors.AsType[*journal.BadError](err)
	if e.previousPID != 0 {
		e.previous = crashed
	}
	switch {
	case path == "", errors.Is(err, fs.ErrNotExist), isBad && e.pidfile.IsShared(): // it may be the other one's
		if searches {
			e.findSurvivors(0)
		}
		return nil
	case isBad:
		e.damaged, e.previous = true, crashed
		backup := path + ".bad"
		if err := os.Rename(path, backup); err != nil {
			backup = path
		}
		e.log.Warn(fmt.Sprintf("%v; it is kept as %s, and programs are looked for without it", bad, backup))
		e.findSurvivors(0)
		return nil
	case err != nil:
		e.damaged, e.previous = true, crashed
		e.log.Warn(fmt.Sprintf("read the state file: %v; programs are looked for without it", err))
		e.findSurvivors(0)
		return nil
	case record.World != journal.BootID():
		return nil // nobody can have survived
	case !record.MatchesConfig(e.configNames):
		e.foreign = e.isInUse(record)
		if searches {
			e.findSurvivors(0)
		}
		return nil
	case record.PID != os.Getpid() && record.Born != 0 && procfs.StartTime(record.PID) == record.Born:
		return &daemon.LockedError{Path: path, PID: record.PID}
	}
	e.applyJournal(record)
	return nil
}

// applyJournal takes note of what a record says and looks for the rest.
func (e *savedState) applyJournal(record *journal.Contents) {
	e.previous = recorded
	if record.Damage != "" {
		e.keepDamagedCopy(e.conf.Supervisord.StateFile, record.Damage)
	}
	e.rescale(scalesOf(record))
	for _, entry := range record.Entries {
		if entry.Scale != nil {
			continue
		}
		if record.ShuttingDown {
			e.applyShutdown(&entry)
		}
		e.addEntry(&entry)
	}
	e.assignUnmatched(record.ShuttingDown)
	e.findSurvivors(record.CompleteUntil)
}

// keepDamagedCopy lets people see the damaged record that is used as far as it goes.
func (e *savedState) keepDamagedCopy(path, why string) {
	backup := path + ".bad"
	os.Remove(backup)
	if err := os.Link(path, backup); err != nil {
		backup = path
	}
	e.log.Warn(fmt.Sprintf("state file %s %s; it is kept as %s, and what it says otherwise is used", path, why, backup))
}

// scalesOf returns the scales that a record tells of.
func scalesOf(record *journal.Contents) []config.Scale {
	var list []config.Scale
	for _, e := range record.Entries {
		if s := e.Scale; s != nil && (s.Numprocs != s.Of || s.Surplus > 0) {
			list = append(list, config.Scale{Group: e.Group, Section: e.Name, Numprocs: s.Numprocs, Surplus: s.Surplus, Of: s.Of})
		}
	}
	return list
}

// rescale has the configuration be what it was when the earlier daemon ended:
// with scales in force.
func (e *savedState) rescale(scales []config.Scale) {
	if len(scales) == 0 {
		return
	}
	conf, err := e.configWithScales(scales)
	if err != nil {
		e.log.Warn(fmt.Sprintf("programs are not scaled as they were: %v", err))
		return
	}
	fresh := *e.conf
	fresh.Groups = conf.Groups
	e.conf = &fresh
	e.scales = scales
}

// addEntry takes note of what is recorded of a process.
func (e *savedState) addEntry(entry *journal.Entry) {
	left := e.fromEntry(entry)
	left.Unwanted = e.killsOrphans()
	if e.processConfig(entry.Group, entry.Name) == nil {
		if left.Child.IsAlive() {
			e.unmatched = append(e.unmatched, *entry)
		}
		return
	}
	e.saved[namespec.Join(entry.Group, entry.Name)] = left
}

// applyShutdown has an entry say what would be the case if the daemon, which was
// about to end, had: everything starts anew, as far as it has ended.
func (e *savedState) applyShutdown(entry *journal.Entry) {
	p := e.processConfig(entry.Group, entry.Name)
	if entry.PID == 0 {
		*entry = journal.Entry{Group: entry.Group, Name: entry.Name}
	}
	entry.Again = states.Process(entry.State) == states.Stopping && p != nil && p.Autostart
}

// fromEntry is what an entry says.
func (e *savedState) fromEntry(entry *journal.Entry) *supervisor.SavedState {
	left := &supervisor.SavedState{StdoutLog: entry.StdoutLog, StderrLog: entry.StderrLog}
	left.Child = spawn.Orphan{PID: entry.PID, ProcessIdentity: spawn.ProcessIdentity{
		StartTime: entry.Born, Stdin: entry.Stdin, Stdout: entry.Stdout, Stderr: entry.Stderr,
	}, Cgroup: entry.Cgroup}
	left.Status = machine.Status{
		State: states.Process(entry.State), Reason: entry.Reason, Deadline: entry.Deadline.Time(), Hook: machine.Hook(entry.Hook),
		ChildStatus: machine.ChildStatus{
			PID: entry.PID, Started: entry.Started.Time(), Ended: entry.Ended.Time(),
			ExitStatus: entry.ExitStatus, ShellStatus: entry.Ending, SpawnErr: entry.SpawnErr, Digest: entry.Digest,
		},
		RestartCounts: machine.RestartCounts{Tries: entry.Tries, RestartsInRow: entry.Row},
		PendingStart: machine.PendingStart{
			StartDue: entry.Due, StartPending: entry.Again, StartPendingBy: entry.AgainBy,
			WaitingFor: entry.Waiting, StartCancelled: entry.Declined,
		},
		StopProgress: machine.StopProgress{StopStep: entry.Step, LeaderExited: entry.Leaderless, Leftovers: entry.Left},
	}
	if len(entry.Restarts) > 0 {
		times := make([]time.Time, len(entry.Restarts))
		for i, at := range entry.Restarts {
			times[i] = at.Time()
		}
		left.Status.Restarts = &times
	}
	if v := entry.Vitals; v != nil {
		left.Status.ProbeResults = machine.ProbeResults{
			Ready: v.Ready, NotReadyReason: v.NotYet, ReadyBy: v.ReadyBy.Time(), ReadyTimedOut: v.Late, ReadyMaybeMissed: v.Unheard,
			Health: machine.HealthStatus(v.Health), HealthFailure: v.Ill, ProbeChangedAt: v.VitalsAt.Time(),
		}
	}
	return left
}

// probeResults are those to be recorded, nil for none.
func probeResults(v machine.ProbeResults) *journal.ProbeResults {
	if v == (machine.ProbeResults{}) {
		return nil
	}
	return &journal.ProbeResults{
		Ready: v.Ready, NotYet: v.NotReadyReason, ReadyBy: journal.NewTimestamp(v.ReadyBy), Late: v.ReadyTimedOut, Unheard: v.ReadyMaybeMissed,
		Health: string(v.Health), Ill: v.HealthFailure, VitalsAt: journal.NewTimestamp(v.ProbeChangedAt),
	}
}

func (e *savedState) killsOrphans() bool { return e.conf.Supervisord.Orphans == config.KillOrphans }

// processConfig returns the configuration of a process, nil if there is none.
func (e *savedState) processConfig(group, name string) *config.Process {
	for _, g := range e.conf.Groups {
		if g.Name != group {
			continue
		}
		for _, p := range g.Processes {
			if p.Name == name {
				return p
			}
		}
		return nil // of two groups with one name the first one counts
	}
	return nil
}

// autoLogs returns the AUTO logs that are in use.
func (e *savedState) autoLogs() []string {
	var list []string
	for _, left := range e.saved {
		list = append(list, left.StdoutLog, left.StderrLog)
	}
	for _, u := range e.unconfigured {
		list = append(list, u.Saved.StdoutLog, u.Saved.StderrLog)
	}
	return list
}

// journalItem is what the record tells of: a process, or the scale of a program.
type journalItem struct {
	process        *process.Process
	group, section string // if process is nil
}

// newJournalWriter makes what keeps the record.
func (e *savedState) newJournalWriter(leaving func() bool, scale func(group, section string) config.Scale) *journal.Writer[journalItem] {
	look := func(s journalItem) (journal.Entry, bool) {
		if s.process != nil {
			return e.entryOf(s.process)
		}
		sc := scale(s.group, s.section)
		return journal.Entry{Group: s.group, Name: s.section, Scale: &journal.Scale{Numprocs: sc.Numprocs, Surplus: sc.Surplus, Of: sc.Of}}, true
	}
	return journal.NewWriter(e.conf.Supervisord.StateFile, e.journalHeader(), look, leaving, func(err error) {
		e.log.Warn(fmt.Sprintf("write the state file: %v", err))
	})
}

// journalHeader is who keeps the record.
func (e *savedState) journalHeader() journal.Header {
	return journal.Header{World: journal.BootID(), PID: os.Getpid(), Born: procfs.StartTime(os.Getpid()), Names: e.configNames}
}

// entryOf tells what is to be recorded of a process, unless it is one of the past.
func (e *savedState) entryOf(p *process.Process) (journal.Entry, bool) {
	s := p.Status()
	entry := journal.Entry{
		Group: p.Config.Group, Name: p.Config.Name, PID: s.PID,
		State: int(s.State), Tries: s.Tries, ExitStatus: s.ExitStatus, Ending: s.ShellStatus, Waiting: s.WaitingFor, Declined: s.StartCancelled, SpawnErr: s.SpawnErr, Reason: s.Reason,
		Started: journal.NewTimestamp(s.Started), Ended: journal.NewTimestamp(s.Ended), Deadline: journal.NewTimestamp(s.Deadline),
		Due: s.StartDue, Again: s.StartPending, AgainBy: s.StartPendingBy, Row: s.RestartsInRow, Vitals: probeResults(s.ProbeResults), Hook: int(s.Hook),
		Step: s.StopStep, Leaderless: s.LeaderExited, Left: s.Leftovers,
	}
	if s.ProcessTree != nil {
		entry.Cgroup = s.ProcessTree.Cgroup()
	}
	if s.Restarts != nil {
		for _, at := range *s.Restarts {
			entry.Restarts = append(entry.Restarts, journal.NewTimestamp(at))
		}
	}
	if s.SignaledEarly { // for a later daemon it is as good as asked
		entry.State = int(states.Stopping)
		entry.Deadline = journal.NewTimestamp(time.Now().Add(time.Duration(p.CurrentConfig().StopWaitSecs) * time.Second))
	}
	entry.StdoutLog, entry.StderrLog = supervisor.AutoLogs(p)
	recordConfig(&entry, p, s)
	if s.Child != nil {
		t := s.Child.Identity()
		entry.Born, entry.Stdin, entry.Stdout, entry.Stderr = t.StartTime, t.Stdin, t.Stdout, t.Stderr
	}
	return entry, !p.IsOver()
}
