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
func (k *Tree) Watch(all bool) <-chan struct{} {
	done := make(chan struct{})
	k.mu.Lock()
	if k.released { // nothing will close it later
		close(done)
	} else {
		k.watches = append(k.watches, watch{all, done})
	}
	k.mu.Unlock()
	if k.cgroup != nil {
		k.cgroup.watch(k.tracker, k.check)
	}
	k.check()
	return done
}

// check starts a goroutine that looks which descendants are left. It never blocks.
func (k *Tree) check() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.recheck = true
	if k.checking || k.released || len(k.watches) == 0 {
		return
	}
	k.checking = true
	go k.checkAll()
}

// checkAll looks until no process has exited meanwhile.
func (k *Tree) checkAll() {
	for {
		k.mu.Lock()
		if !k.recheck || k.released {
			k.checking = false
			k.mu.Unlock()
			return
		}
		k.recheck = false
		k.mu.Unlock()
		k.updateWatches()
	}
}

// recheckAfterFork is how long a fork may take.
const recheckAfterFork = 50 * time.Millisecond

// updateWatches closes the watches for which no process is left. It makes the kernel
// report the exits of the processes for which the others wait.
func (k *Tree) updateWatches() {
	found, unsure := k.scan()
	k.pruneExited()
	inScope, missed := 0, false
	for pid, p := range found {
		if k.inScope(p) {
			inScope++
		}
		if !k.isFull() && !k.track(pid, p) {
			missed = true // it has just exited, or its pid is another process's
		}
	}
	if unsure {
		time.AfterFunc(recheckAfterFork, k.check)
		return
	}
	reaped := k.leader.IsReaped()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.recheck = k.recheck || missed
	rest := k.watches[:0]
	for _, w := range k.watches {
		if reaped && (inScope == 0 && !w.all || len(found) == 0) {
			close(w.done)
		} else {
			rest = append(rest, w)
		}
	}
	k.watches = rest
	k.scheduleRecheck()
}

// recheckInterval is how often a tree is scanned while it is watched and the kernel does
// not report the exits of some descendants.
const recheckInterval = 200 * time.Millisecond

// scheduleRecheck schedules the next scan if one is needed. The caller holds mu.
func (k *Tree) scheduleRecheck() {
	if len(k.watches) == 0 || k.released {
		return
	}
	unwatched := k.cgroup != nil && !k.cgroup.isWatched()
	for _, t := range k.tracked {
		unwatched = unwatched || t.fd < 0
	}
	switch {
	case !unwatched:
	case k.recheckTimer == nil:
		k.recheckTimer = time.AfterFunc(recheckInterval, k.check)
	default:
		k.recheckTimer.Reset(recheckInterval)
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

func (k *Tree) isFull() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.tracked) >= maxTracked
}

// trackAll returns all descendants that live, and tracks them as far as there is room.
func (k *Tree) trackAll() map[int]*process {
	found, _ := k.scan()
	k.pruneExited()
	for pid, p := range found {
		if !k.isFull() {
			k.track(pid, p)
		}
	}
	return found
}

// pruneExited forgets the descendants that have exited and whose exit the kernel does not
// report.
func (k *Tree) pruneExited() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for pid, t := range k.tracked {
		if t.fd < 0 && !procfs.IsSame(pid, t.startTime, false) {
			delete(k.tracked, pid)
		}
	}
}

// track makes the kernel report the exit of a descendant, if it can. It returns false if
// the descendant has already exited.
func (k *Tree) track(pid int, p *process) bool {
	if k.cgroup != nil || k.isTracked(p) {
		return true // the control group reports its own changes
	}
	poller, err := k.tracker.daemon.Poller()
	if err != nil {
		return true
	}
	fd, err := pidfd.Open(pid, p.StartTime)
	if errors.Is(err, syscall.ESRCH) {
		return false
	}
	k.tracker.daemon.NoPidfd(err)
	t := &tracked{tree: k, pid: pid, startTime: p.StartTime, fd: fd}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.released {
		if fd >= 0 {
			unix.Close(fd)
		}
		return true
	}
	if old := k.tracked[pid]; old != nil {
		old.unwatch(poller)
	}
	k.tracked[pid] = t
	if fd < 0 {
		return true
	}
	if t.token, err = poller.Add(fd, epoll.Readable|epoll.Once, t); err != nil { // the kernel has no memory
		unix.Close(fd)
		t.fd = -1
	}
	return true
}

// unwatch closes the pidfd. The caller holds the tree's mu.
func (t *tracked) unwatch(p *epoll.Poller) {
	if t.fd >= 0 {
		p.CloseFD(t.token, t.fd)
		t.fd = -1
	}
}

// HandleEvent implements epoll.Handler: the process has exited.
func (t *tracked) HandleEvent(bool) {
	k := t.tree
	poller, err := k.tracker.daemon.Poller()
	k.mu.Lock()
	if err == nil {
		t.unwatch(poller)
	}
	if k.tracked[t.pid] == t {
		delete(k.tracked, t.pid)
	}
	k.mu.Unlock()
	k.check()
}
