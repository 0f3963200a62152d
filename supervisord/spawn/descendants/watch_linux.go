package descendants

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/pidfd"
	"supervisor/supervisord/system/procfs"
)

// watch waits for the exit of the child and of the descendants in scope, or of all.
type watch struct {
	all  bool
	done chan struct{}
}

// Watch returns a channel that is closed when the child was reaped and no process in its
// scope is left; with all, no descendant at all.
func (t *Tree) Watch(all bool) <-chan struct{} {
	done := make(chan struct{})
	t.mu.Lock()
	if t.released { // nothing will close it later
		close(done)
	} else {
		t.watches = append(t.watches, watch{all, done})
	}
	t.mu.Unlock()
	if t.cgroup != nil {
		t.cgroup.watch(t.tracker, t.check)
	}
	t.check()
	return done
}

// check starts a goroutine that looks which descendants are left. It never blocks.
func (t *Tree) check() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recheck = true
	if t.checking || t.released || len(t.watches) == 0 {
		return
	}
	t.checking = true
	go t.checkAll()
}

// checkAll looks until no process has exited meanwhile.
func (t *Tree) checkAll() {
	for {
		t.mu.Lock()
		if !t.recheck || t.released {
			t.checking = false
			t.mu.Unlock()
			return
		}
		t.recheck = false
		t.mu.Unlock()
		t.updateWatches()
	}
}

// recheckAfterFork is how long a fork may take.
const recheckAfterFork = 50 * time.Millisecond

// updateWatches closes the watches for which no process is left. It makes the kernel
// report the exits of the processes for which the others wait.
func (t *Tree) updateWatches() {
	found, unsure := t.scan()
	t.pruneExited()
	inScope, missed := 0, false
	for pid, p := range found {
		if t.inScope(p) {
			inScope++
		}
		if !t.isFull() && !t.track(pid, p) {
			missed = true // it has just exited, or its pid is another process's
		}
	}
	if unsure {
		time.AfterFunc(recheckAfterFork, t.check)
		return
	}
	reaped := t.leader.IsReaped()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recheck = t.recheck || missed
	rest := t.watches[:0]
	for _, w := range t.watches {
		if reaped && (inScope == 0 && !w.all || len(found) == 0) {
			close(w.done)
		} else {
			rest = append(rest, w)
		}
	}
	t.watches = rest
	t.scheduleRecheck()
}

// recheckInterval is how often a tree is scanned while it is watched and the kernel does
// not report the exits of some descendants.
const recheckInterval = 200 * time.Millisecond

// scheduleRecheck schedules the next scan if one is needed. The caller holds mu.
func (t *Tree) scheduleRecheck() {
	if len(t.watches) == 0 || t.released {
		return
	}
	unwatched := t.cgroup != nil && !t.cgroup.isWatched()
	for _, d := range t.tracked {
		unwatched = unwatched || d.fd < 0
	}
	switch {
	case !unwatched:
	case t.recheckTimer == nil:
		t.recheckTimer = time.AfterFunc(recheckInterval, t.check)
	default:
		t.recheckTimer.Reset(recheckInterval)
	}
}

// tracked is a descendant that counts as one until it exits.
type tracked struct {
	tree      *Tree
	pid       int
	startTime uint64
	fd        int // a pidfd in the poller's set, -1 if there is none
	token     epoll.Token
}

// maxTracked is how many descendants are tracked at a time. One would do: at each exit
// the tree is scanned again.
const maxTracked = 64

func (t *Tree) isFull() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.tracked) >= maxTracked
}

// trackAll returns all descendants that live, and tracks them as far as there is room.
func (t *Tree) trackAll() map[int]*process {
	found, _ := t.scan()
	t.pruneExited()
	for pid, p := range found {
		if !t.isFull() {
			t.track(pid, p)
		}
	}
	return found
}

// pruneExited forgets the descendants that have exited and whose exit the kernel does not
// report.
func (t *Tree) pruneExited() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for pid, d := range t.tracked {
		if d.fd < 0 && !procfs.IsSame(pid, d.startTime, false) {
			delete(t.tracked, pid)
		}
	}
}

// track makes the kernel report the exit of a descendant, if it can. It returns false if
// the descendant has already exited.
func (t *Tree) track(pid int, p *process) bool {
	if t.cgroup != nil || t.isTracked(p) {
		return true // the control group reports its own changes
	}
	poller, err := t.tracker.daemon.Poller()
	if err != nil {
		return true
	}
	fd, err := pidfd.Open(pid, p.StartTime)
	if errors.Is(err, syscall.ESRCH) {
		return false
	}
	t.tracker.daemon.NoPidfd(err)
	d := &tracked{tree: t, pid: pid, startTime: p.StartTime, fd: fd}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.released {
		if fd >= 0 {
			unix.Close(fd)
		}
		return true
	}
	if old := t.tracked[pid]; old != nil {
		old.unwatch(poller)
	}
	t.tracked[pid] = d
	if fd < 0 {
		return true
	}
	if d.token, err = poller.Add(fd, epoll.Readable|epoll.Once, d); err != nil { // the kernel has no memory
		unix.Close(fd)
		d.fd = -1
	}
	return true
}

// unwatch closes the pidfd. The caller holds the tree's mu.
func (d *tracked) unwatch(p *epoll.Poller) {
	if d.fd >= 0 {
		p.CloseFD(d.token, d.fd)
		d.fd = -1
	}
}

// HandleEvent implements epoll.Handler: the process has exited.
func (d *tracked) HandleEvent(bool) {
	t := d.tree
	poller, err := t.tracker.daemon.Poller()
	t.mu.Lock()
	if err == nil {
		d.unwatch(poller)
	}
	if t.tracked[d.pid] == d {
		delete(t.tracked, d.pid)
	}
	t.mu.Unlock()
	t.check()
}
