package descendants

import (
	"log/slog"
	"syscall"

	"supervisor/supervisord/system/epoll"
)

// Scope says which processes belong to a child besides itself.
type Scope int

// The scopes. Where the system has no control groups, ScopeCgroup means ScopeTree.
const (
	ScopeNone   Scope = iota // descendants are not tracked
	ScopeLeader              // none, but descendants are tracked all the same
	ScopeGroup               // the members of its process group
	ScopeTree                // its descendants
	ScopeCgroup              // the members of a control group of its own
)

// Process is a living descendant of a child, or a member of its process group.
type Process struct {
	PID     int
	InScope bool   // it belongs to the Scope of the tree
	Command string // with arguments, truncated and without control characters
}

// Leader is the child at the root of a tree.
type Leader interface {
	Pid() int
	// Signal sends sig to the child, or to its process group. It returns
	// syscall.ESRCH once the child has been reaped.
	Signal(sig syscall.Signal, group bool) error
	// IsReaped reports whether the child was reaped: its pid may be another
	// process's then.
	IsReaped() bool
	// LastAliveTick returns a time, in clock ticks since boot, at which the child had
	// not been reaped, or 0 if none is known. Until then no other process had its pid.
	LastAliveTick() uint64
}

// Daemon is what a Tracker needs of the daemon.
type Daemon struct {
	Log *slog.Logger
	// Poller returns the daemon's poller.
	Poller func() (*epoll.Poller, error)
	// ReapsOrphans reports whether orphans of children become children of this process.
	ReapsOrphans func() bool
	// IsSpawned reports whether the daemon itself has spawned a process which is a child
	// of this one, and whether that is unsure because a fork is under way.
	IsSpawned func(pid int, startTime uint64) (spawned, unsure bool)
	// NoPidfd is called with the reason why a process has no pidfd, nil if it has one.
	NoPidfd func(why error)
}

// Tracker makes the trees of a daemon's children.
type Tracker struct {
	daemon  Daemon
	cgroups cgroups
}

// NewTracker returns a Tracker.
func NewTracker(d Daemon) *Tracker { return &Tracker{daemon: d} }

// Options say how the descendants of a child are found.
type Options struct {
	Scope Scope
	Label string // a part of the name of its control group
	// Markers are NAME=value that every descendant has in its environment.
	Markers []string
	// DaemonMarker tells the descendants apart from those of other daemons. It is needed
	// for those that were orphaned to another process; "" leaves these out.
	DaemonMarker string
}

// Survivor is the child of an earlier daemon.
type Survivor struct {
	PID       int
	StartTime uint64
	Cgroup    string // the path of its control group, "" if none is known
}
