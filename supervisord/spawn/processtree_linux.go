package spawn

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/pidfd"
	"supervisor/supervisord/system/procfs"
)

// processTree are a child and its relatives. Who they are is found out by looking
// through /proc: the child's process group, whose number nobody else can have
// while the group has members; those whose parents are relatives; and those that
// came to a reaper, which their environment tells apart.
type processTree struct {
	spawner      *Spawner
	leader       *child
	scope        Scope
	markers      []string // of the environment of every descendant
	daemonMarker string   // the same, of those that came to another reaper, "" to take none
	cgroup       *cgroup  // nil for none

	mu           sync.Mutex
	tracked      map[int]*tracked // by pid
	watches      []watch
	recheckTimer *time.Timer // that has check look again, nil before it was needed
	checking     bool        // a goroutine is looking who is left
	recheck      bool        // somebody has ended since it began to look
	released     bool
}

// tracked is a relative of whose end the kernel tells.
type tracked struct {
	tree      *processTree
	pid       int
	startTime uint64
	fd        int // a pidfd, in the poller's set; -1 for none: it is looked for
	token     epoll.Token
}

type watch struct {
	all  bool
	done chan struct{}
}

// newProcessTree returns nil for a child without a scope.
func (s *Spawner) newProcessTree(c *child, spec *Spec, o *Orphan) *processTree {
	if spec.Scope == Unscoped {
		return nil
	}
	k := &processTree{spawner: s, leader: c, scope: spec.Scope, markers: spec.Markers, tracked: make(map[int]*tracked)}
	if o != nil {
		k.daemonMarker = spec.DaemonMarker // its daemon may have been another one
		k.cgroup = findCgroup(o)
	} else if !s.reapsOrphans.Load() {
		k.daemonMarker = spec.DaemonMarker // orphans go elsewhere
	}
	if k.scope == ScopeCgroup && k.cgroup == nil && o != nil {
		k.scope = ScopeTree
	}
	return k
}

// process is a living process as a look at /proc has found it.
type process struct {
	procfs.Stat
	pid     int
	inGroup bool // of the process group, for certain
}

// scan returns all relatives that live, by pid, without the child itself. It is
// unsure if there may be others.
func (k *processTree) scan() (found map[int]*process, unsure bool) {
	if k.cgroup != nil {
		return k.scanCgroup(), false
	}
	all := processes()
	delete(all, os.Getpid()) // whatever it descends from
	found = make(map[int]*process)
	gone, died := k.leader.isGone(), k.leader.lastAliveTick()
	reapers := k.reapers()
	for pid, p := range all {
		if pid == k.leader.pid && !gone {
			continue
		}
		switch {
		case p.Group == k.leader.pid && (!gone || p.StartTime < died):
			p.inGroup = true
			found[pid] = p
		case k.isTracked(p):
			found[pid] = p
		case reapers[p.Parent]:
			is, maybe := k.isOrphan(p)
			if is {
				found[pid] = p
			}
			unsure = unsure || maybe
		}
	}
	k.addDescendants(all, found, gone)
	for _, p := range found {
		p.inGroup = p.inGroup || p.Group == k.leader.pid
	}
	return found, unsure
}

// scanCgroup returns those in the control group.
func (k *processTree) scanCgroup() map[int]*process {
	found := make(map[int]*process)
	gone := k.leader.isGone()
	for _, pid := range k.cgroup.pids() {
		if pid == k.leader.pid && !gone {
			continue
		}
		if s, err := procfs.ReadStat(pid); err == nil && !s.IsDead() {
			found[pid] = &process{Stat: s, pid: pid}
		}
	}
	return found
}

// reapers are those to whom orphans of relatives may have come.
func (k *processTree) reapers() map[int]bool {
	set := map[int]bool{}
	if k.daemonMarker != "" {
		set = procfs.Ancestors()
	}
	set[os.Getpid()] = true
	return set
}

func (k *processTree) isTracked(p *process) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.tracked[p.pid]
	return t != nil && t.startTime == p.StartTime
}

// isOrphan tells whether a process that has come to a reaper descends from the
// child, going by the names that it was given. A command of the program's that the
// daemon runs has them too; while it is being born it can't be told apart.
func (k *processTree) isOrphan(p *process) (is, unsure bool) {
	if p.Parent != os.Getpid() {
		return k.daemonMarker != "" && procfs.HasVariables(p.pid, append(slices.Clone(k.markers), k.daemonMarker)), false
	}
	if !procfs.HasVariables(p.pid, k.markers) {
		return false, false
	}
	s := k.spawner
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.children[p.pid] != nil {
		return false, false
	}
	unsure = s.forking > 0 && p.StartTime >= s.forkingSince
	return !unsure, unsure
}

// addDescendants adds the children of those that have been found, and theirs.
func (k *processTree) addDescendants(all, found map[int]*process, gone bool) {
	children := make(map[int][]*process)
	for _, p := range all {
		children[p.Parent] = append(children[p.Parent], p)
	}
	todo := slices.Collect(maps.Keys(found))
	if !gone {
		todo = append(todo, k.leader.pid)
	}
	for len(todo) > 0 {
		pid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, p := range children[pid] {
			if found[p.pid] == nil && p.pid != k.leader.pid {
				found[p.pid] = p
				todo = append(todo, p.pid)
			}
		}
	}
}

// inScope tells whether a relative belongs to the scope.
func (k *processTree) inScope(p *process) bool {
	switch k.scope {
	case ScopeGroup:
		return p.inGroup
	case ScopeTree, ScopeCgroup:
		return true
	case Unscoped, ScopeLeader:
	}
	return false
}

// processes returns all that live.
func processes() map[int]*process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	all := make(map[int]*process, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := procfs.ReadStat(pid); err == nil && !s.IsDead() {
			all[pid] = &process{Stat: s, pid: pid}
		}
	}
	return all
}

// Remaining implements Kin.
func (k *processTree) Remaining() []Descendant {
	found, _ := k.scan()
	list := make([]Descendant, 0, len(found))
	for _, pid := range slices.Sorted(maps.Keys(found)) {
		list = append(list, Descendant{PID: pid, InScope: k.inScope(found[pid]), Command: commandOf(pid)})
	}
	return list
}

// maxCommandLength is how much of a command is told, in bytes.
const maxCommandLength = 80

// commandOf returns what a process was started as, fit for a line of a log.
func commandOf(pid int) string {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	text := string(bytes.TrimRight(data, "\x00"))
	if text == "" {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		text = "[" + strings.TrimSpace(string(name)) + "]"
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == 0:
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, text)
	if len(text) > maxCommandLength {
		text = strings.ToValidUTF8(text[:maxCommandLength], "") + "..."
	}
	return text
}

// maxKillPasses is how often those who are to be killed are looked for again, because
// they may have had children meanwhile.
const maxKillPasses = 10

// Signal implements Kin. A process group with its leader gets the signal at
// once, as it does from a terminal. Whoever is a relative now stays one, even if
// nothing tells of it once its parent has ended.
func (k *processTree) Signal(sig syscall.Signal, all bool) error {
	defer k.check()
	if k.cgroup != nil && sig == syscall.SIGKILL && k.cgroup.kill() == nil {
		return nil
	}
	found := k.trackAll() // before a parent ends by which somebody is known
	err := k.leader.Signal(sig, k.scope == ScopeGroup)
	if k.scope == ScopeGroup && err == nil && !all {
		return nil
	}
	results := newSignalResults()
	results.add(err)
	for range maxKillPasses {
		before := len(results.signalled)
		for pid, p := range found {
			if (all || k.inScope(p)) && !results.signalled[identity{pid, p.StartTime}] {
				results.signalled[identity{pid, p.StartTime}] = true
				results.add(k.signalOne(pid, p.StartTime, sig))
			}
		}
		if sig != syscall.SIGKILL || len(results.signalled) == before {
			break
		}
		found = k.trackAll()
	}
	return results.result()
}

// trackAll returns all relatives that live. They stay relatives, as far as they can be
// kept track of.
func (k *processTree) trackAll() map[int]*process {
	found, _ := k.scan()
	k.pruneExited()
	for pid, p := range found {
		if !k.isFull() {
			k.track(pid, p)
		}
	}
	return found
}

// pruneExited forgets those that have ended and whose end the kernel does not
// report.
func (k *processTree) pruneExited() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for pid, t := range k.tracked {
		if t.fd < 0 && !procfs.IsSame(pid, t.startTime, false) {
			delete(k.tracked, pid)
		}
	}
}

type identity struct {
	pid       int
	startTime uint64
}

// signalResults is what came of signals to many.
type signalResults struct {
	signalled map[identity]bool
	delivered bool
	failure   error
}

func newSignalResults() *signalResults { return &signalResults{signalled: make(map[identity]bool)} }

func (t *signalResults) add(err error) {
	switch {
	case err == nil:
		t.delivered = true
	case !errors.Is(err, syscall.ESRCH):
		t.failure = err
	}
}

func (t *signalResults) result() error {
	switch {
	case t.delivered:
		return nil
	case t.failure != nil:
		return t.failure
	}
	return syscall.ESRCH
}

// signalOne signals a relative, whom the number means for certain.
func (k *processTree) signalOne(pid int, startTime uint64, sig syscall.Signal) error {
	fd, err := pidfd.Open(pid, startTime)
	if errors.Is(err, syscall.ESRCH) {
		return syscall.ESRCH
	}
	k.spawner.warnNoPidfd(err)
	if fd >= 0 {
		defer unix.Close(fd)
	}
	if k.cgroup != nil && !k.cgroup.has(pid) {
		return syscall.ESRCH // the list of the group was older than the process
	}
	return pidfd.Signal(fd, pid, startTime, sig)
}

// Cgroup implements Kin.
func (k *processTree) Cgroup() string {
	if k.cgroup == nil {
		return ""
	}
	return k.cgroup.path
}

// Watch implements Kin.
func (k *processTree) Watch(all bool) <-chan struct{} {
	done := make(chan struct{})
	k.mu.Lock()
	if k.released { // whoever waits is not to wait for ever
		close(done)
	} else {
		k.watches = append(k.watches, watch{all, done})
	}
	k.mu.Unlock()
	if k.cgroup != nil {
		k.cgroup.watch(k.spawner, k.check)
	}
	k.check()
	return done
}

// check has a goroutine look who is left. It never blocks.
func (k *processTree) check() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.recheck = true
	if k.checking || k.released || len(k.watches) == 0 {
		return
	}
	k.checking = true
	go k.checkAll()
}

// checkAll looks until nobody has ended meanwhile.
func (k *processTree) checkAll() {
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

// recheckAfterFork is what a birth may take.
const recheckAfterFork = 50 * time.Millisecond

// updateWatches ends the watches that have come true, and has the kernel tell of the
// end of those whom the others wait for.
func (k *processTree) updateWatches() {
	found, unsure := k.scan()
	k.pruneExited()
	inside, missed := 0, false
	for pid, p := range found {
		if k.inScope(p) {
			inside++
		}
		if !k.isFull() && !k.track(pid, p) {
			missed = true // it has just gone, or is another one now
		}
	}
	if unsure {
		time.AfterFunc(recheckAfterFork, k.check)
		return
	}
	gone := k.leader.isGone()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.recheck = k.recheck || missed
	rest := k.watches[:0]
	for _, w := range k.watches {
		if gone && (inside == 0 && !w.all || len(found) == 0) {
			close(w.done)
		} else {
			rest = append(rest, w)
		}
	}
	k.watches = rest
	k.scheduleRecheck()
}

// recheckInterval is how often relatives are looked for that are waited for and of whose
// end the kernel does not tell.
const recheckInterval = 200 * time.Millisecond

// scheduleRecheck has the processes looked at again that are waited for and whose end the
// kernel does not report. Only mu's holder calls it.
func (k *processTree) scheduleRecheck() {
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

// maxTracked is how many relatives the kernel tells of at a time. One would do: at
// each end all are looked for again.
const maxTracked = 64

func (k *processTree) isFull() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.tracked) >= maxTracked
}

// track has the kernel tell of the end of a relative, or has it looked for. It is
// false if that has come already.
func (k *processTree) track(pid int, p *process) bool {
	if k.cgroup != nil || k.isTracked(p) {
		return true // the group tells of itself
	}
	poller, err := k.spawner.poller()
	if err != nil {
		return true
	}
	fd, err := pidfd.Open(pid, p.StartTime)
	if errors.Is(err, syscall.ESRCH) {
		return false
	}
	k.spawner.warnNoPidfd(err)
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

// unwatch closes the pidfd. Only mu's holder calls it.
func (t *tracked) unwatch(p *epoll.Poller) {
	if t.fd >= 0 {
		p.CloseFD(t.token, t.fd)
		t.fd = -1
	}
}

// HandleEvent is the poller's word that it has ended.
func (t *tracked) HandleEvent(bool) {
	k := t.tree
	poller, err := k.spawner.poller()
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

// Release implements Kin.
func (k *processTree) Release() {
	poller, err := k.spawner.poller()
	k.mu.Lock()
	k.released = true
	if k.recheckTimer != nil {
		k.recheckTimer.Stop()
	}
	if err == nil {
		for _, t := range k.tracked {
			t.unwatch(poller)
		}
	}
	clear(k.tracked)
	k.watches = nil
	k.mu.Unlock()
	if k.cgroup != nil {
		k.cgroup.release(k.spawner)
	}
}
