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
)

// kin are a child and its relatives. Who they are is found out by looking
// through /proc: the child's process group, whose number nobody else can have
// while the group has members; those whose parents are relatives; and those that
// came to a reaper, which their environment tells apart.
type kin struct {
	spawner *Spawner
	leader  *child
	scope   Scope
	family  []string // of the environment of every descendant
	address string   // the same, of those that came to another reaper, "" to take none
	group   *cgroup  // nil for none

	mu       sync.Mutex
	tracked  map[int]*tracked // by pid
	watches  []watch
	later    *time.Timer // that has check look again, nil before it was needed
	checking bool        // a goroutine is looking who is left
	again    bool        // somebody has ended since it began to look
	released bool
}

// tracked is a relative of whose end the kernel tells.
type tracked struct {
	kin   *kin
	pid   int
	born  uint64
	fd    int // a pidfd, in the poller's set; -1 for none: it is looked for
	place place
}

type watch struct {
	all  bool
	over chan struct{}
}

// newKin returns nil for a child without a scope.
func (s *Spawner) newKin(c *child, spec *Spec, o *Orphan) *kin {
	if spec.Scope == Unscoped {
		return nil
	}
	k := &kin{spawner: s, leader: c, scope: spec.Scope, family: spec.Family, tracked: make(map[int]*tracked)}
	if o != nil {
		k.address = spec.Address // its daemon may have been another one
		k.group = recallCgroup(o)
	} else if !s.inherits.Load() {
		k.address = spec.Address // orphans go elsewhere
	}
	if k.scope == ScopeCgroup && k.group == nil && o != nil {
		k.scope = ScopeTree
	}
	return k
}

// peer is a living process as a look at /proc has found it.
type peer struct {
	stat
	pid    int
	member bool // of the process group, for certain
}

// look returns all relatives that live, by pid, without the child itself. It is
// unsure if there may be others.
func (k *kin) look() (found map[int]*peer, unsure bool) {
	if k.group != nil {
		return k.lookInside(), false
	}
	all := processes()
	delete(all, os.Getpid()) // whatever it descends from
	found = make(map[int]*peer)
	gone, died := k.leader.isGone(), k.leader.deathTick()
	heirs := k.heirs()
	for pid, p := range all {
		if pid == k.leader.pid && !gone {
			continue
		}
		switch {
		case p.group == k.leader.pid && (!gone || p.born < died):
			p.member = true
			found[pid] = p
		case k.isTracked(p):
			found[pid] = p
		case heirs[p.parent]:
			is, maybe := k.isOrphan(p)
			if is {
				found[pid] = p
			}
			unsure = unsure || maybe
		}
	}
	k.addDescendants(all, found, gone)
	for _, p := range found {
		p.member = p.member || p.group == k.leader.pid
	}
	return found, unsure
}

// lookInside returns those in the control group.
func (k *kin) lookInside() map[int]*peer {
	found := make(map[int]*peer)
	gone := k.leader.isGone()
	for _, pid := range k.group.pids() {
		if pid == k.leader.pid && !gone {
			continue
		}
		if s, err := readStat(pid); err == nil && !s.isDead() {
			found[pid] = &peer{stat: s, pid: pid}
		}
	}
	return found
}

// heirs are those to whom orphans of relatives may have come.
func (k *kin) heirs() map[int]bool {
	set := map[int]bool{}
	if k.address != "" {
		set = ancestors()
	}
	set[os.Getpid()] = true
	return set
}

func (k *kin) isTracked(p *peer) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.tracked[p.pid]
	return t != nil && t.born == p.born
}

// isOrphan tells whether a process that has come to a reaper descends from the
// child, going by the names that it was given. A command of the program's that the
// daemon runs has them too; while it is being born it can't be told apart.
func (k *kin) isOrphan(p *peer) (is, unsure bool) {
	if p.parent != os.Getpid() {
		return k.address != "" && isOfFamily(p.pid, append(slices.Clone(k.family), k.address)), false
	}
	if !isOfFamily(p.pid, k.family) {
		return false, false
	}
	s := k.spawner
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.children[p.pid] != nil {
		return false, false
	}
	unsure = s.births > 0 && p.born >= s.bearing
	return !unsure, unsure
}

// addDescendants adds the children of those that have been found, and theirs.
func (k *kin) addDescendants(all, found map[int]*peer, gone bool) {
	children := make(map[int][]*peer)
	for _, p := range all {
		children[p.parent] = append(children[p.parent], p)
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

// isInside tells whether a relative belongs to the scope.
func (k *kin) isInside(p *peer) bool {
	switch k.scope {
	case ScopeGroup:
		return p.member
	case ScopeTree, ScopeCgroup:
		return true
	case Unscoped, ScopeLeader:
	}
	return false
}

// processes returns all that live.
func processes() map[int]*peer {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	all := make(map[int]*peer, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if s, err := readStat(pid); err == nil && !s.isDead() {
			all[pid] = &peer{stat: s, pid: pid}
		}
	}
	return all
}

// Left implements Kin.
func (k *kin) Left() []Relative {
	found, _ := k.look()
	list := make([]Relative, 0, len(found))
	for _, pid := range slices.Sorted(maps.Keys(found)) {
		list = append(list, Relative{PID: pid, Inside: k.isInside(found[pid]), Command: commandOf(pid)})
	}
	return list
}

// longest is how much of a command is told, in bytes.
const longest = 80

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
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return text
}

// passes is how often those who are to be killed are looked for again, because
// they may have had children meanwhile.
const passes = 10

// Signal implements Kin. A process group with its leader gets the signal at
// once, as it does from a terminal. Whoever is a relative now stays one, even if
// nothing tells of it once its parent has ended.
func (k *kin) Signal(sig syscall.Signal, all bool) error {
	defer k.check()
	if k.group != nil && sig == syscall.SIGKILL && k.group.kill() == nil {
		return nil
	}
	found := k.mark() // before a parent ends by which somebody is known
	err := k.leader.Signal(sig, k.scope == ScopeGroup)
	if k.scope == ScopeGroup && err == nil && !all {
		return nil
	}
	told := newTally()
	told.add(err)
	for range passes {
		before := len(told.met)
		for pid, p := range found {
			if (all || k.isInside(p)) && !told.met[identity{pid, p.born}] {
				told.met[identity{pid, p.born}] = true
				told.add(k.signalPeer(pid, p.born, sig))
			}
		}
		if sig != syscall.SIGKILL || len(told.met) == before {
			break
		}
		found = k.mark()
	}
	return told.verdict()
}

// mark returns all relatives that live. They stay relatives, as far as they can be
// kept track of.
func (k *kin) mark() map[int]*peer {
	found, _ := k.look()
	k.forgetUnwatched()
	for pid, p := range found {
		if !k.isFull() {
			k.track(pid, p)
		}
	}
	return found
}

// forgetUnwatched forgets those that have ended and whose end the kernel does not
// report.
func (k *kin) forgetUnwatched() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for pid, t := range k.tracked {
		if t.fd < 0 && !hasNumber(pid, t.born, false) {
			delete(k.tracked, pid)
		}
	}
}

type identity struct {
	pid  int
	born uint64
}

// tally is what came of signals to many.
type tally struct {
	met     map[identity]bool
	reached bool
	refusal error
}

func newTally() *tally { return &tally{met: make(map[identity]bool)} }

func (t *tally) add(err error) {
	switch {
	case err == nil:
		t.reached = true
	case !errors.Is(err, syscall.ESRCH):
		t.refusal = err
	}
}

func (t *tally) verdict() error {
	switch {
	case t.reached:
		return nil
	case t.refusal != nil:
		return t.refusal
	}
	return syscall.ESRCH
}

// signalPeer signals a relative, whom the number means for certain.
func (k *kin) signalPeer(pid int, born uint64, sig syscall.Signal) error {
	fd, err := openPidfd(pid, born)
	if errors.Is(err, syscall.ESRCH) {
		return syscall.ESRCH
	}
	k.spawner.noteRefusal(err)
	if fd >= 0 {
		defer unix.Close(fd)
	}
	if k.group != nil && !k.group.has(pid) {
		return syscall.ESRCH // the list of the group was older than the process
	}
	return signalProcess(fd, pid, born, sig)
}

// Cgroup implements Kin.
func (k *kin) Cgroup() string {
	if k.group == nil {
		return ""
	}
	return k.group.path
}

// Watch implements Kin.
func (k *kin) Watch(all bool) <-chan struct{} {
	over := make(chan struct{})
	k.mu.Lock()
	if k.released { // whoever waits is not to wait for ever
		close(over)
	} else {
		k.watches = append(k.watches, watch{all, over})
	}
	k.mu.Unlock()
	if k.group != nil {
		k.group.watch(k.spawner, k.check)
	}
	k.check()
	return over
}

// check has a goroutine look who is left. It never blocks.
func (k *kin) check() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.again = true
	if k.checking || k.released || len(k.watches) == 0 {
		return
	}
	k.checking = true
	go k.checkAll()
}

// checkAll looks until nobody has ended meanwhile.
func (k *kin) checkAll() {
	for {
		k.mu.Lock()
		if !k.again || k.released {
			k.checking = false
			k.mu.Unlock()
			return
		}
		k.again = false
		k.mu.Unlock()
		k.settle()
	}
}

// birthTime is what a birth may take.
const birthTime = 50 * time.Millisecond

// settle ends the watches that have come true, and has the kernel tell of the
// end of those whom the others wait for.
func (k *kin) settle() {
	found, unsure := k.look()
	k.forgetUnwatched()
	inside, missed := 0, false
	for pid, p := range found {
		if k.isInside(p) {
			inside++
		}
		if !k.isFull() && !k.track(pid, p) {
			missed = true // it has just gone, or is another one now
		}
	}
	if unsure {
		time.AfterFunc(birthTime, k.check)
		return
	}
	gone := k.leader.isGone()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.again = k.again || missed
	rest := k.watches[:0]
	for _, w := range k.watches {
		if gone && (inside == 0 && !w.all || len(found) == 0) {
			close(w.over)
		} else {
			rest = append(rest, w)
		}
	}
	k.watches = rest
	k.lookLater()
}

// lookAgain is how often relatives are looked for that are waited for and of whose
// end the kernel does not tell.
const lookAgain = 200 * time.Millisecond

// lookLater has the processes looked at again that are waited for and whose end the
// kernel does not report. Only mu's holder calls it.
func (k *kin) lookLater() {
	if len(k.watches) == 0 || k.released {
		return
	}
	untold := k.group != nil && !k.group.isTold()
	for _, t := range k.tracked {
		untold = untold || t.fd < 0
	}
	switch {
	case !untold:
	case k.later == nil:
		k.later = time.AfterFunc(lookAgain, k.check)
	default:
		k.later.Reset(lookAgain)
	}
}

// enough is how many relatives the kernel tells of at a time. One would do: at
// each end all are looked for again.
const enough = 64

func (k *kin) isFull() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.tracked) >= enough
}

// track has the kernel tell of the end of a relative, or has it looked for. It is
// false if that has come already.
func (k *kin) track(pid int, p *peer) bool {
	if k.group != nil || k.isTracked(p) {
		return true // the group tells of itself
	}
	poller, err := k.spawner.poller()
	if err != nil {
		return true
	}
	fd, err := openPidfd(pid, p.born)
	if errors.Is(err, syscall.ESRCH) {
		return false
	}
	k.spawner.noteRefusal(err)
	t := &tracked{kin: k, pid: pid, born: p.born, fd: fd}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.released {
		if fd >= 0 {
			unix.Close(fd)
		}
		return true
	}
	if old := k.tracked[pid]; old != nil {
		old.forget(poller)
	}
	k.tracked[pid] = t
	if fd < 0 {
		return true
	}
	if t.place, err = poller.add(fd, unix.EPOLLIN, t); err != nil { // the kernel has no memory
		unix.Close(fd)
		t.fd = -1
	}
	return true
}

// forget closes the pidfd. Only mu's holder calls it.
func (t *tracked) forget(p *poller) {
	if t.fd >= 0 {
		p.drop(t.place, t.fd)
		t.fd = -1
	}
}

// heed is the poller's word that it has ended.
func (t *tracked) heed(bool) {
	k := t.kin
	poller, err := k.spawner.poller()
	k.mu.Lock()
	if err == nil {
		t.forget(poller)
	}
	if k.tracked[t.pid] == t {
		delete(k.tracked, t.pid)
	}
	k.mu.Unlock()
	k.check()
}

// Release implements Kin.
func (k *kin) Release() {
	poller, err := k.spawner.poller()
	k.mu.Lock()
	k.released = true
	if k.later != nil {
		k.later.Stop()
	}
	if err == nil {
		for _, t := range k.tracked {
			t.forget(poller)
		}
	}
	clear(k.tracked)
	k.watches = nil
	k.mu.Unlock()
	if k.group != nil {
		k.group.release(k.spawner)
	}
}

// bootTicks is the time in the kernel's clock ticks since boot, as in stat.born.
func bootTicks() uint64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return uint64(t.Nano()) / (1e9 / 100)
}
