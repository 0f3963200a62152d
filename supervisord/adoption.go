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
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/daemon"
)

// estate is what an earlier daemon with this configuration has left, and the
// record for a later one.
type estate struct {
	conf    *config.Config
	log     *slog.Logger
	spawner *spawn.Spawner

	pidfile *daemon.Pidfile // nil if there can be none:
	noPid   error           // for this reason
	tray    *spawn.Tray     // nil for none
	keeps   bool            // a record
	damaged bool            // the earlier one's record was, or there was none to tell of those found
	trust   trust           // in what is known of the earlier one
	names   []string        // by which two daemons know that they have one configuration
	foreign bool            // the record there is of another configuration
	before  int             // the earlier one's pid, 0 if it has left none
	handed  bool            // everything is, to the next
	settled bool            // there are no programs
	left    map[string]*supervisor.Estate
	strays  []journal.Entry // of children that live and whose processes are not configured
	// unconfigured are those of strays that are nobody else's now.
	unconfigured []supervisor.Unconfigured

	scales []config.Scale // that are in force
	scaled func([]config.Scale) (*config.Config, error)
}

// claim takes the estate over. It fails with a *daemon.HeldError if its owner
// is alive.
func (l *life) claim() (*estate, error) {
	e := &estate{conf: l.conf, log: l.log, spawner: l.spawner, left: make(map[string]*supervisor.Estate), scaled: l.rescaled}
	d := l.conf.Supervisord
	e.names = namesOf(l.conf)
	umask := -1
	if l.background != nil {
		umask = d.Umask
	}
	if h := l.heritage; h != nil {
		e.pidfile = daemon.InheritPidfile(d.Pidfile, h.Pidfile, e.names...)
		e.rescale(h.Scales)
		h.estate(e)
	} else {
		e.pidfile, e.noPid = daemon.ClaimPidfile(d.Pidfile, umask, e.names...)
	}
	if held, ok := errors.AsType[*daemon.HeldError](e.noPid); ok {
		return nil, held
	}
	if l.heritage == nil {
		e.before = e.predecessor()
	}
	if err := e.open(l.heritage == nil, l.first); err != nil {
		e.pidfile.Remove()
		return nil, err
	}
	if l.heritage == nil {
		e.reopen(l.early)
	}
	e.settled = len(e.left)+len(e.unconfigured) == 0
	return e, nil
}

// open finds out what there is, by the record of an earlier daemon or without
// it, and makes sure that there can be a record if possible. reads is false if
// there is a better source; searches tells that an earlier daemon may have
// ended without a word.
func (e *estate) open(reads, searches bool) error {
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
		if err := e.read(searches); err != nil {
			return err
		}
	}
	if e.keeps = e.canKeep(); !e.keeps {
		return nil
	}
	e.tray = spawn.NewTray(strings.TrimSuffix(d.StateFile, ".state")+".output", func(err error) {
		e.log.Info(fmt.Sprintf("output that is on its way when supervisord crashes will be lost: %v", err))
	})
	e.spawner.UseTray(e.tray)
	return nil
}

// canKeep reports whether there is a place for a record.
func (e *estate) canKeep() bool {
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
func (e *estate) release() {
	if e.handed {
		return
	}
	if e.settled {
		e.spawner.UseTray(nil)
		e.tray.Close()
		if e.keeps {
			journal.Remove(e.conf.Supervisord.StateFile)
		}
	}
	e.pidfile.Remove()
}

// read finds out who the orphans are. It fails with a *daemon.HeldError if the
// daemon that keeps the record is alive.
func (e *estate) read(searches bool) error {
	path := e.conf.Supervisord.StateFile
	record, err := journal.Read(path)
	bad, isBad := errors.AsType[*journal.BadError](err)
	if e.before != 0 {
		e.trust = crashed
	}
	switch {
	case path == "", errors.Is(err, fs.ErrNotExist), isBad && e.pidfile.IsShared(): // it may be the other one's
		if searches {
			e.search(0)
		}
		return nil
	case isBad:
		e.damaged, e.trust = true, crashed
		aside := path + ".bad"
		if err := os.Rename(path, aside); err != nil {
			aside = path
		}
		e.log.Warn(fmt.Sprintf("%v; it is kept as %s, and programs are looked for without it", bad, aside))
		e.search(0)
		return nil
	case err != nil:
		e.damaged, e.trust = true, crashed
		e.log.Warn(fmt.Sprintf("read the state file: %v; programs are looked for without it", err))
		e.search(0)
		return nil
	case record.World != journal.World():
		return nil // nobody can have survived
	case !record.IsOf(e.names):
		e.foreign = e.isInUse(record)
		if searches {
			e.search(0)
		}
		return nil
	case record.PID != os.Getpid() && record.Born != 0 && spawn.Birthday(record.PID) == record.Born:
		return &daemon.HeldError{Path: path, PID: record.PID}
	}
	e.take(record)
	return nil
}

// take takes note of what a record says and looks for the rest.
func (e *estate) take(record *journal.Ledger) {
	e.trust = recorded
	if record.Damage != "" {
		e.keepAside(e.conf.Supervisord.StateFile, record.Damage)
	}
	e.rescale(scalesOf(record))
	for _, entry := range record.Entries {
		if entry.Scale != nil {
			continue
		}
		if record.Leaving {
			e.interrupt(&entry)
		}
		e.add(&entry)
	}
	e.placeStrays(record.Leaving)
	e.search(record.Taken)
}

// keepAside lets people see the damaged record that is used as far as it goes.
func (e *estate) keepAside(path, why string) {
	aside := path + ".bad"
	os.Remove(aside)
	if err := os.Link(path, aside); err != nil {
		aside = path
	}
	e.log.Warn(fmt.Sprintf("state file %s %s; it is kept as %s, and what it says otherwise is used", path, why, aside))
}

// scalesOf returns the scales that a record tells of.
func scalesOf(record *journal.Ledger) []config.Scale {
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
func (e *estate) rescale(scales []config.Scale) {
	if len(scales) == 0 {
		return
	}
	conf, err := e.scaled(scales)
	if err != nil {
		e.log.Warn(fmt.Sprintf("programs are not scaled as they were: %v", err))
		return
	}
	fresh := *e.conf
	fresh.Groups = conf.Groups
	e.conf = &fresh
	e.scales = scales
}

// add takes note of what is recorded of a process.
func (e *estate) add(entry *journal.Entry) {
	left := e.past(entry)
	left.Unwanted = e.kills()
	if e.process(entry.Group, entry.Name) == nil {
		if left.Child.IsAlive() {
			e.strays = append(e.strays, *entry)
		}
		return
	}
	e.left[namespec.Join(entry.Group, entry.Name)] = left
}

// interrupt has an entry say what would be the case if the daemon, which was
// about to end, had: everything starts anew, as far as it has ended.
func (e *estate) interrupt(entry *journal.Entry) {
	p := e.process(entry.Group, entry.Name)
	if entry.PID == 0 {
		*entry = journal.Entry{Group: entry.Group, Name: entry.Name}
	}
	entry.Again = states.Process(entry.State) == states.Stopping && p != nil && p.Autostart
}

// past is what an entry says.
func (e *estate) past(entry *journal.Entry) *supervisor.Estate {
	left := &supervisor.Estate{StdoutLog: entry.StdoutLog, StderrLog: entry.StderrLog}
	left.Child = spawn.Orphan{PID: entry.PID, Traces: spawn.Traces{
		Born: entry.Born, Stdin: entry.Stdin, Stdout: entry.Stdout, Stderr: entry.Stderr,
	}, Cgroup: entry.Cgroup}
	left.Past = process.Status{
		State: states.Process(entry.State), PID: entry.PID, Tries: entry.Tries,
		Started: entry.Started.Time(), Ended: entry.Ended.Time(),
		ExitStatus: entry.ExitStatus, Ending: entry.Ending, Waiting: entry.Waiting, Declined: entry.Declined, SpawnErr: entry.SpawnErr, Reason: entry.Reason,
		Deadline: entry.Deadline.Time(), Due: entry.Due, Again: entry.Again, AgainBy: entry.AgainBy,
		Digest: entry.Digest,
		Row:    entry.Row, Hook: process.Hook(entry.Hook), Step: entry.Step, Leaderless: entry.Leaderless, Left: entry.Left,
	}
	if len(entry.Restarts) > 0 {
		times := make([]time.Time, len(entry.Restarts))
		for i, at := range entry.Restarts {
			times[i] = at.Time()
		}
		left.Past.Restarts = &times
	}
	if v := entry.Vitals; v != nil {
		left.Past.Vitals = process.Vitals{
			Ready: v.Ready, NotYet: v.NotYet, ReadyBy: v.ReadyBy.Time(), Late: v.Late, Unheard: v.Unheard,
			Health: process.Verdict(v.Health), Ill: v.Ill, VitalsAt: v.VitalsAt.Time(),
		}
	}
	return left
}

// vitals are those to be recorded, nil for none.
func vitals(v process.Vitals) *journal.Vitals {
	if v == (process.Vitals{}) {
		return nil
	}
	return &journal.Vitals{
		Ready: v.Ready, NotYet: v.NotYet, ReadyBy: journal.NewMoment(v.ReadyBy), Late: v.Late, Unheard: v.Unheard,
		Health: string(v.Health), Ill: v.Ill, VitalsAt: journal.NewMoment(v.VitalsAt),
	}
}

func (e *estate) kills() bool { return e.conf.Supervisord.Orphans == config.KillOrphans }

// process returns the configuration of a process, nil if there is none.
func (e *estate) process(group, name string) *config.Process {
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

// logs returns the AUTO logs that are in use.
func (e *estate) logs() []string {
	var list []string
	for _, left := range e.left {
		list = append(list, left.StdoutLog, left.StderrLog)
	}
	for _, u := range e.unconfigured {
		list = append(list, u.Estate.StdoutLog, u.Estate.StderrLog)
	}
	return list
}

// subject is what the record tells of: a process, or the scale of a program.
type subject struct {
	process        *process.Process
	group, section string // if process is nil
}

// keeper makes what keeps the record.
func (e *estate) keeper(leaving func() bool, scale func(group, section string) config.Scale) *journal.Keeper[subject] {
	look := func(s subject) (journal.Entry, bool) {
		if s.process != nil {
			return e.look(s.process)
		}
		sc := scale(s.group, s.section)
		return journal.Entry{Group: s.group, Name: s.section, Scale: &journal.Scale{Numprocs: sc.Numprocs, Surplus: sc.Surplus, Of: sc.Of}}, true
	}
	return journal.NewKeeper(e.conf.Supervisord.StateFile, e.self(), look, leaving, func(err error) {
		e.log.Warn(fmt.Sprintf("write the state file: %v", err))
	})
}

// self is who keeps the record.
func (e *estate) self() journal.Head {
	return journal.Head{World: journal.World(), PID: os.Getpid(), Born: spawn.Birthday(os.Getpid()), Names: e.names}
}

// look tells what is to be recorded of a process, unless it is one of the past.
func (e *estate) look(p *process.Process) (journal.Entry, bool) {
	s := p.Status()
	entry := journal.Entry{
		Group: p.Config.Group, Name: p.Config.Name, PID: s.PID,
		State: int(s.State), Tries: s.Tries, ExitStatus: s.ExitStatus, Ending: s.Ending, Waiting: s.Waiting, Declined: s.Declined, SpawnErr: s.SpawnErr, Reason: s.Reason,
		Started: journal.NewMoment(s.Started), Ended: journal.NewMoment(s.Ended), Deadline: journal.NewMoment(s.Deadline),
		Due: s.Due, Again: s.Again, AgainBy: s.AgainBy, Row: s.Row, Vitals: vitals(s.Vitals), Hook: int(s.Hook),
		Step: s.Step, Leaderless: s.Leaderless, Left: s.Left,
	}
	if s.Kin != nil {
		entry.Cgroup = s.Kin.Cgroup()
	}
	if s.Restarts != nil {
		for _, at := range *s.Restarts {
			entry.Restarts = append(entry.Restarts, journal.NewMoment(at))
		}
	}
	if s.Forewarned { // for a later daemon it is as good as asked
		entry.State = int(states.Stopping)
		entry.Deadline = journal.NewMoment(time.Now().Add(time.Duration(p.Current().StopWaitSecs) * time.Second))
	}
	entry.StdoutLog, entry.StderrLog = supervisor.AutoLogs(p)
	lookAtConfig(&entry, p, s)
	if s.Child != nil {
		t := s.Child.Traces()
		entry.Born, entry.Stdin, entry.Stdout, entry.Stderr = t.Born, t.Stdin, t.Stdout, t.Stderr
	}
	return entry, !p.IsOver()
}
