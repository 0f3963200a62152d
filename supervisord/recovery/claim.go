package recovery

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/recovery/journal"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/system/descriptors"
)

// Options is what Open needs to know.
type Options struct {
	Config  *config.Config
	Spawner *spawn.Spawner
	Log     *slog.Logger
	// Handover is what the daemon before this one handed over, nil if it did not.
	Handover *Handover
	// First says that this process has run no daemon before: an earlier daemon may
	// have crashed without a usable journal.
	First bool
	// Umask is for a new pidfile, -1 for the umask of this process.
	Umask int
	// LoadScaled reads Config again, with other scales.
	LoadScaled func([]config.Scale) (*config.Config, error)
	// Pipes are those that OpenPipes has opened.
	Pipes Pipes
}

// Claim is what an earlier daemon with this configuration left, and this daemon's claim
// to the files by which a later one goes on: pidfile, journal and staging buffers.
type Claim struct {
	// Config is the configuration with Scales, which the earlier daemon had.
	Config *config.Config
	Scales []config.Scale
	// Processes are what the earlier daemon left of each process, by full name.
	Processes map[string]*process.Saved
	// Unconfigured are the children whose processes are not configured any more.
	Unconfigured []supervisor.Unconfigured
	// PidfileErr says why there is no pidfile, nil if there is one.
	PidfileErr error
	// HasJournal says that the daemon keeps a journal for a later one.
	HasJournal bool

	log        *slog.Logger
	spawner    *spawn.Spawner
	loadScaled func([]config.Scale) (*config.Config, error)
	handover   *Handover // nil if nothing was handed over

	pidfile *daemon.Pidfile // nil if there can be none
	staging *output.Staging // nil for none
	evidence
	unmatched []*process.Saved // of living children whose processes are not configured
}

// evidence is what is known of the earlier daemon.
type evidence struct {
	previous    previousRun
	previousPID int      // 0 if it removed its pidfile
	configNames []string // two daemons with a name in common have one configuration
	foreign     bool     // the journal at the path is of another configuration
	// damaged says that the journal was damaged or missing, though there are
	// children.
	damaged bool
}

// Open claims the files of a configuration and finds what an earlier daemon left. It
// fails with a *daemon.LockedError if that daemon is alive.
func Open(o Options) (*Claim, error) {
	c := &Claim{
		Config: o.Config, Processes: make(map[string]*process.Saved),
		log: o.Log, spawner: o.Spawner, loadScaled: o.LoadScaled, handover: o.Handover,
		evidence: evidence{configNames: configNames(o.Config)},
	}
	if o.Handover != nil {
		c.restoreHandover(o.Handover)
		return c, nil
	}
	if err := c.restoreCrashed(o); err != nil {
		return nil, err
	}
	return c, nil
}

// restoreHandover restores what a daemon handed over.
func (c *Claim) restoreHandover(h *Handover) {
	c.pidfile = daemon.RestorePidfile(c.Config.Supervisord.Pidfile, h.Descriptors.Take(pidfileKey), c.configNames...)
	c.rescale(h.Scales)
	c.Processes = h.takeProcesses()
	if c.adoptsOrphans() {
		c.openJournal()
	}
}

// restoreCrashed restores what a crashed daemon left, as far as its journal and /proc say.
func (c *Claim) restoreCrashed(o Options) error {
	c.pidfile, c.PidfileErr = daemon.ClaimPidfile(c.Config.Supervisord.Pidfile, o.Umask, c.configNames...)
	if locked, ok := errors.AsType[*daemon.LockedError](c.PidfileErr); ok {
		return locked
	}
	c.previousPID = c.readPreviousPID()
	if c.adoptsOrphans() {
		if err := c.readJournal(o.First); err != nil {
			c.pidfile.Remove()
			return err
		}
		c.openJournal()
	}
	c.attachPipes(o.Pipes)
	return nil
}

// adoptsOrphans reports whether this daemon adopts the children of an earlier one, and
// keeps a journal for a later one.
func (c *Claim) adoptsOrphans() bool {
	d := c.Config.Supervisord
	switch {
	case !spawn.CanAdopt:
		if d.StateFileSet || d.StateFile != "" && d.Orphans != config.LeaveOrphans {
			c.log.Info("programs that survive a crash of supervisord are not taken over on this system")
		}
		return false
	case d.Orphans == config.LeaveOrphans:
		if d.StateFile != "" && !c.pidfile.IsShared() {
			journal.Remove(d.StateFile) // of an earlier policy
		}
		return false
	}
	return true
}

// openJournal prepares the journal and the staging buffers for a later daemon.
func (c *Claim) openJournal() {
	if c.HasJournal = c.canWriteJournal(); !c.HasJournal {
		return
	}
	path := strings.TrimSuffix(c.Config.Supervisord.StateFile, ".state") + ".output"
	c.staging = output.NewStaging(path, func(err error) {
		c.log.Info(fmt.Sprintf("output that is on its way when supervisord crashes will be lost: %v", err))
	})
	c.spawner.UseStaging(c.staging)
}

// canWriteJournal reports whether there is a place for a journal.
func (c *Claim) canWriteJournal() bool {
	const consequence = "programs that survive a crash of supervisord will not be taken over from a record, but looked for"
	d := c.Config.Supervisord
	dir := filepath.Dir(d.StateFile)
	switch {
	case c.pidfile.IsShared() || c.foreign:
		c.log.Warn(fmt.Sprintf("%s belongs to a supervisord with another configuration: this one goes on without a record of its programs; "+
			"give each a pidfile of its own", d.Pidfile))
		return false
	case d.StateFile == "" && d.StateFileSet:
		return false
	case d.StateFile == "":
		c.log.Info(consequence + ": there is no state_file beside a pidfile like this")
		return false
	case unix.Access(dir, unix.W_OK|unix.X_OK) != nil:
		c.log.Info(fmt.Sprintf("%s: %s can't be written to", consequence, dir))
		return false
	}
	return true
}

// IsEmpty reports whether the earlier daemon left no process.
func (c *Claim) IsEmpty() bool { return len(c.Processes)+len(c.Unconfigured) == 0 }

// IsDamaged reports whether the earlier daemon had children that its journal does not
// list. It is then not known which AUTO logs are in use.
func (c *Claim) IsDamaged() bool { return c.damaged }

// DiscardUnclaimed drops the staged output of children that were not adopted. It is
// called when all others have been.
func (c *Claim) DiscardUnclaimed() { c.staging.DiscardUnclaimed() }

// HandOver gives up the claim without giving up the lock on the pidfile, which it puts
// into set.
func (c *Claim) HandOver(set descriptors.Set) { set.Put(pidfileKey, c.pidfile.HandOver()) }

// Release lets a later daemon claim the files. If all programs have stopped, the
// journal is removed too.
func (c *Claim) Release(allStopped bool) {
	if allStopped {
		c.spawner.UseStaging(nil)
		c.staging.Close()
		if c.HasJournal {
			journal.Remove(c.Config.Supervisord.StateFile)
		}
	}
	c.pidfile.Remove()
}

// AutoLogs returns the AUTO logs that are in use.
func (c *Claim) AutoLogs() []string {
	var list []string
	for _, left := range c.Processes {
		list = append(list, left.StdoutLog, left.StderrLog)
	}
	for _, u := range c.Unconfigured {
		list = append(list, u.Saved.StdoutLog, u.Saved.StderrLog)
	}
	return list
}

// rescale changes Config to what it was when the earlier daemon ended: with scales.
func (c *Claim) rescale(scales []config.Scale) {
	if len(scales) == 0 {
		return
	}
	conf, err := c.loadScaled(scales)
	if err != nil {
		c.log.Warn(fmt.Sprintf("programs are not scaled as they were: %v", err))
		return
	}
	scaled := *c.Config
	scaled.Groups = conf.Groups
	c.Config, c.Scales = &scaled, scales
}

func (c *Claim) killsOrphans() bool { return c.Config.Supervisord.Orphans == config.KillOrphans }

// processConfig returns the configuration of a process, nil if there is none.
func (c *Claim) processConfig(group, name string) *config.Process {
	for _, g := range c.Config.Groups {
		if g.Name != group {
			continue
		}
		for _, p := range g.Processes {
			if p.Name == name {
				return p
			}
		}
		return nil // the first of two groups with one name counts
	}
	return nil
}
