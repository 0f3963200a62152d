package descendants

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/pidfd"
)

// Tree is a child and its descendants. They are found by looking through /proc: the
// members of the child's process group, whose number no other group can have while there
// are members; processes whose parents are descendants; and orphans, which are told apart
// by their environment.
type Tree struct {
	tracker      *Tracker
	leader       Leader
	scope        Scope
	label        string
	markers      []string
	daemonMarker string  // "" to leave out orphans of other reapers
	cgroup       *cgroup // nil for none

	mu           sync.Mutex
	tracked      map[int]*tracked // by pid
	watches      []watch
	recheckTimer *time.Timer // calls check again, nil until it is needed
	checking     bool        // a goroutine runs checkAll
	recheck      bool        // a process has exited since it began to look
	released     bool
}

// New returns the tree of a child that is about to be forked, nil for ScopeNone.
func (t *Tracker) New(leader Leader, o Options) *Tree {
	if o.Scope == ScopeNone {
		return nil
	}
	tree := t.newTree(leader, o)
	if !t.daemon.ReapsOrphans() {
		tree.daemonMarker = o.DaemonMarker
	}
	return tree
}

// Find returns the tree of a child of an earlier daemon, nil for ScopeNone.
func (t *Tracker) Find(leader Leader, o Options, s Survivor) *Tree {
	if o.Scope == ScopeNone {
		return nil
	}
	tree := t.newTree(leader, o)
	tree.daemonMarker = o.DaemonMarker // orphans may have gone to another reaper
	tree.cgroup = findCgroup(s)
	if tree.scope == ScopeCgroup && tree.cgroup == nil {
		tree.scope = ScopeTree
	}
	return tree
}

func (t *Tracker) newTree(leader Leader, o Options) *Tree {
	return &Tree{tracker: t, leader: leader, scope: o.Scope, label: o.Label, markers: o.Markers, tracked: make(map[int]*tracked)}
}

// inScope reports whether a descendant belongs to the scope.
func (t *Tree) inScope(p *process) bool {
	switch t.scope {
	case ScopeGroup:
		return p.inGroup
	case ScopeTree, ScopeCgroup:
		return true
	case ScopeNone, ScopeLeader:
	}
	return false
}

// Remaining lists the descendants that live, without the child.
func (t *Tree) Remaining() []Process {
	found, _ := t.scan()
	list := make([]Process, 0, len(found))
	for _, pid := range slices.Sorted(maps.Keys(found)) {
		list = append(list, Process{PID: pid, InScope: t.inScope(found[pid]), Command: commandOf(pid)})
	}
	return list
}

// Cgroup returns the path of the control group, "" for none.
func (t *Tree) Cgroup() string {
	if t.cgroup == nil {
		return ""
	}
	return t.cgroup.path
}

// maxKillPasses is how often Signal looks for processes again that were forked while it
// killed the others.
const maxKillPasses = 10

// Signal sends sig to the child, if it lives, and to the processes in its scope; with all,
// to all its descendants. A process group gets the signal at once, as from a terminal, as
// long as its leader lives. The descendants found now stay tracked, even if nothing shows
// that they are descendants once their parents have exited.
//
// It returns syscall.ESRCH if there was no process, and another error if none could be
// signalled.
func (t *Tree) Signal(sig syscall.Signal, all bool) error {
	defer t.check()
	if t.cgroup != nil && sig == syscall.SIGKILL && t.cgroup.kill() == nil {
		return nil
	}
	found := t.trackAll() // before a parent exits that links a descendant to the child
	err := t.leader.Signal(sig, t.scope == ScopeGroup)
	if t.scope == ScopeGroup && err == nil && !all {
		return nil
	}
	results := newSignalResults()
	results.add(err)
	for range maxKillPasses {
		before := len(results.signalled)
		for pid, p := range found {
			if (all || t.inScope(p)) && !results.signalled[identity{pid, p.StartTime}] {
				results.signalled[identity{pid, p.StartTime}] = true
				results.add(t.signalOne(pid, p.StartTime, sig))
			}
		}
		if sig != syscall.SIGKILL || len(results.signalled) == before {
			break
		}
		found = t.trackAll()
	}
	return results.result()
}

// signalOne signals one descendant.
func (t *Tree) signalOne(pid int, startTime uint64, sig syscall.Signal) error {
	fd, err := pidfd.Open(pid, startTime)
	if errors.Is(err, syscall.ESRCH) {
		return syscall.ESRCH
	}
	t.tracker.daemon.NoPidfd(err)
	if fd >= 0 {
		defer unix.Close(fd)
	}
	if t.cgroup != nil && !t.cgroup.has(pid) {
		return syscall.ESRCH // the list of the group was older than the process
	}
	return pidfd.Signal(fd, pid, startTime, sig)
}

type identity struct {
	pid       int
	startTime uint64
}

// signalResults collects the results of signals to many processes.
type signalResults struct {
	signalled map[identity]bool
	delivered bool
	failure   error
}

func newSignalResults() *signalResults { return &signalResults{signalled: make(map[identity]bool)} }

func (r *signalResults) add(err error) {
	switch {
	case err == nil:
		r.delivered = true
	case !errors.Is(err, syscall.ESRCH):
		r.failure = err
	}
}

func (r *signalResults) result() error {
	switch {
	case r.delivered:
		return nil
	case r.failure != nil:
		return r.failure
	}
	return syscall.ESRCH
}

// Release stops tracking the descendants, and removes the control group as soon as it is
// empty. It signals no process. No method may be called after it.
func (t *Tree) Release() {
	poller, err := t.tracker.daemon.Poller()
	t.mu.Lock()
	t.released = true
	if t.recheckTimer != nil {
		t.recheckTimer.Stop()
	}
	if err == nil {
		for _, d := range t.tracked {
			d.unwatch(poller)
		}
	}
	clear(t.tracked)
	t.watches = nil
	t.mu.Unlock()
	if t.cgroup != nil {
		t.cgroup.release(t.tracker)
	}
}
