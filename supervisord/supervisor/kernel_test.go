package supervisor_test

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
)

// The longest delays of the simulated kernel: from SIGKILL to the exit of a child, and from
// the exit until its parent can reap it.
const (
	maxKillDelay = 3 * time.Second
	maxReapDelay = time.Second
)

// kernel is a simulated kernel. What it does to a child depends on the seed, the name of the
// child and how many of that name there were before, never on the order in which goroutines
// happen to run.
type kernel struct {
	seed  uint64
	model *model

	mu              sync.Mutex
	noFaults        bool // children are spawned, obey signals and do their work
	spawnsForbidden bool // a spawn would be a violation
	spawned         map[string]uint64
	alive           map[string][]*fakeChild // by group:name, until their exit was reported
	lastPID         int
}

// fakeChild is a child of the simulated kernel.
type fakeChild struct {
	kernel   *kernel
	name     string // group:name
	pid      int
	exits    chan spawn.Exit
	out      output.Sink
	behavior behavior
	pool     *poolModel // nil unless it is a listener

	// kernel.mu guards what follows.
	rnd         *rand.Rand
	ended       bool        // it is a zombie, or reaped
	orphan      bool        // its process is not supervised any more
	writing     bool        // what it has written is being passed on
	pendingExit *spawn.Exit // its exit, which is reported after that
	ready       bool        // a listener that waits for an event
	event       int         // the event that a listener works on, -1 for none
	rejected    int         // how many events in a row it has rejected
	pausedUntil time.Time   // it gets no event before, because of that
}

// behavior is how a child behaves.
type behavior struct {
	exitsOnSignal bool          // at the first signal
	exitDelay     time.Duration // from that signal to its exit
	killDelay     time.Duration // from SIGKILL to its exit
	reapDelay     time.Duration // from its exit until the parent can reap it
	deniedSignals float64       // how often a signal to it fails
	stdinErr      error
	neverReady    bool // a listener that never writes READY
	writesExtra   bool // a listener that writes more than READY
}

// setNoFaults makes the kernel, and children spawned from now on, make no trouble, or make
// trouble again.
func (k *kernel) setNoFaults(is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.noFaults = is
}

// forbidSpawns makes every further spawn a violation.
func (k *kernel) forbidSpawns() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.spawnsForbidden = true
}

// Spawn implements process.Spawner.
func (k *kernel) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	name := nameOf(spec.Env)
	k.mu.Lock()
	if k.spawnsForbidden {
		k.model.violated("%s was spawned after the shutdown had begun", name)
	}
	rnd := rand.New(rand.NewPCG(k.seed, hash(name)+k.spawned[name]))
	k.spawned[name]++
	if err := k.spawnError(rnd); err != nil {
		k.mu.Unlock()
		return nil, err
	}
	if k.model.clearOrphaned(name) {
		for _, c := range k.alive[name] {
			c.orphan = true
		}
		delete(k.alive, name)
	}
	k.lastPID++
	c := &fakeChild{
		kernel: k, name: name, pid: k.lastPID, exits: make(chan spawn.Exit, 1), out: spec.Stdout,
		rnd: rnd, behavior: k.newBehavior(rnd), pool: k.model.poolOf(name), event: -1,
	}
	k.alive[name] = append(k.alive[name], c)
	noFaults := k.noFaults
	k.mu.Unlock()
	spec.OnSpawn(c)
	c.scheduleExit(noFaults)
	return c, nil
}

// Adopt implements process.Spawner: there is no earlier daemon.
func (k *kernel) Adopt(*spawn.Orphan, *spawn.Spec) (spawn.Child, error) {
	return nil, &spawn.GoneError{Exit: spawn.Exit{Code: -1}}
}

func hash(name string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return h.Sum64()
}

func nameOf(env []string) string {
	var name, group string
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, "SUPERVISOR_PROCESS_NAME="); ok {
			name = v
		} else if v, ok := strings.CutPrefix(kv, "SUPERVISOR_GROUP_NAME="); ok {
			group = v
		}
	}
	return group + ":" + name
}

func (k *kernel) spawnError(rnd *rand.Rand) error {
	if k.noFaults || rnd.Float64() > 0.08 {
		return nil
	}
	return pick[error](rnd, syscall.EAGAIN, syscall.ENOMEM, &spawn.PipeError{Err: syscall.EMFILE}, &spawn.PipeError{Err: syscall.ENFILE})
}

func (k *kernel) newBehavior(rnd *rand.Rand) behavior {
	n := behavior{exitsOnSignal: true}
	if k.noFaults {
		return n
	}
	n.exitsOnSignal = rnd.Float64() < 0.8
	n.exitDelay = pick(rnd, 0, 0, time.Nanosecond, 300*time.Millisecond, time.Second, 2*time.Second, 5*time.Second)
	n.killDelay = pick(rnd, 0, 0, 0, time.Millisecond, time.Second, maxKillDelay)
	n.reapDelay = pick(rnd, 0, 0, 0, time.Nanosecond, 10*time.Millisecond, maxReapDelay)
	if rnd.Float64() < 0.05 {
		n.deniedSignals = 0.5
	}
	n.stdinErr = pick[error](rnd, nil, nil, nil, nil, nil, nil, nil, nil, syscall.EPIPE, syscall.ENOBUFS)
	n.neverReady, n.writesExtra = rnd.Float64() < 0.05, rnd.Float64() < 0.05
	return n
}

// scheduleExit sets the timers for what the child does by itself.
func (c *fakeChild) scheduleExit(noFaults bool) {
	if c.pool == nil {
		c.out.Write([]byte("hello\n"))
	} else if !c.behavior.neverReady {
		c.after(pick(c.rnd, 0, 0, time.Millisecond, 2*time.Second), c.writeReady)
	}
	if noFaults || c.rnd.Float64() < 0.5 {
		return
	}
	exit := spawn.Exit{Code: pick(c.rnd, 0, 0, 1, 2)}
	if c.rnd.Float64() < 0.2 {
		exit = spawn.Exit{Code: -1, Signal: syscall.SIGSEGV}
	}
	c.after(lifetime(c.rnd), func() { c.end(exit) })
}

// lifetime is 0 for a child that becomes a daemon or can't start, often a whole number of
// seconds, as startsecs is, or close to it.
func lifetime(rnd *rand.Rand) time.Duration {
	if rnd.Float64() < 0.3 {
		return 0
	}
	whole := time.Duration(rnd.IntN(4)) * time.Second
	return max(0, whole+pick(rnd, 0, 0, -time.Nanosecond, time.Nanosecond, 400*time.Millisecond, 20*time.Second, 10*time.Minute))
}

// after does something after a delay, at once for 0.
func (c *fakeChild) after(d time.Duration, do func()) {
	if d == 0 {
		do()
		return
	}
	time.AfterFunc(d, do)
}

// Pid implements spawn.Child.
func (c *fakeChild) Pid() int { return c.pid }

// Identity implements spawn.Child.
func (c *fakeChild) Identity() spawn.ProcessIdentity { return spawn.ProcessIdentity{} }

// HandOver implements spawn.Child: the simulated daemon has no successor.
func (c *fakeChild) HandOver() (spawn.ChildState, [3]int, error) {
	return spawn.ChildState{}, [3]int{-1, -1, -1}, nil
}
func (c *fakeChild) DaemonisedPID() int { return 0 }

// Exited implements spawn.Child.
func (c *fakeChild) Exited() <-chan spawn.Exit { return c.exits }

// Signal implements spawn.Child.
func (c *fakeChild) Signal(sig syscall.Signal, _ bool) error {
	c.kernel.mu.Lock()
	if c.ended {
		c.kernel.mu.Unlock()
		return syscall.ESRCH
	}
	if !c.kernel.noFaults && c.rnd.Float64() < c.behavior.deniedSignals {
		c.kernel.mu.Unlock()
		return syscall.EPERM
	}
	c.kernel.mu.Unlock()
	switch {
	case sig == syscall.SIGKILL:
		c.after(c.behavior.killDelay, func() { c.end(spawn.Exit{Code: -1, Signal: sig}) })
	case c.behavior.exitsOnSignal:
		c.after(c.behavior.exitDelay, func() { c.end(spawn.Exit{Code: -1, Signal: sig}) })
	}
	return nil
}

// end makes the child a zombie, and reports its exit after a delay.
func (c *fakeChild) end(e spawn.Exit) {
	c.kernel.mu.Lock()
	defer c.kernel.mu.Unlock()
	if c.ended {
		return
	}
	c.ended = true
	c.ready = false
	if c.behavior.reapDelay > 0 {
		time.AfterFunc(c.behavior.reapDelay, func() {
			c.kernel.mu.Lock()
			defer c.kernel.mu.Unlock()
			c.reportExit(e)
		})
		return
	}
	c.reportExit(e)
}

// reportExit reports the exit of the child, after all that it has written.
func (c *fakeChild) reportExit(e spawn.Exit) {
	if c.writing {
		c.pendingExit = &e
		return
	}
	k := c.kernel
	for i, other := range k.alive[c.name] {
		if other == c {
			k.alive[c.name] = append(k.alive[c.name][:i], k.alive[c.name][i+1:]...)
		}
	}
	if c.event >= 0 && !c.orphan && !k.model.isOrphaned(c.name) {
		c.pool.rebuffered(c.event)
		c.event = -1
	}
	c.exits <- e
}

// Write implements spawn.Child.
func (c *fakeChild) Write(data []byte) error {
	c.kernel.mu.Lock()
	defer c.kernel.mu.Unlock()
	switch {
	case c.ended:
		return syscall.EPIPE
	case c.behavior.stdinErr != nil:
		return c.behavior.stdinErr
	case c.pool == nil || !strings.HasPrefix(string(data), "ver:3.0 "):
		return nil
	}
	c.receiveEvent(string(data))
	return nil
}

// receiveEvent makes a listener work on an event.
func (c *fakeChild) receiveEvent(envelope string) {
	if !c.ready || c.event >= 0 {
		c.kernel.model.violated("%s was given an event that it was not ready for", c.name)
	}
	c.ready = false
	c.event = c.pool.delivered(field(envelope, "serial:"), field(envelope, "poolserial:"))
	delay := pick(c.rnd, time.Nanosecond, time.Millisecond, time.Millisecond, time.Second, 10*time.Second)
	answer := pick(c.rnd, "RESULT 2\nOK", "RESULT 2\nOK", "RESULT 2\nOK", "RESULT 2\nOK", "RESULT 4\nFAIL", "babble\n", "")
	if c.kernel.noFaults {
		delay, answer = time.Millisecond, "RESULT 2\nOK"
	}
	if answer != "" {
		time.AfterFunc(delay, func() { c.sendResult(answer) })
	}
}

func field(envelope, name string) int {
	_, rest, _ := strings.Cut(envelope, " "+name)
	digits, _, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic(err) // of the simulation
	}
	return n
}

func (c *fakeChild) sendResult(text string) {
	c.kernel.mu.Lock()
	if c.ended {
		c.kernel.mu.Unlock()
		return
	}
	if strings.HasSuffix(text, "OK") {
		c.rejected = 0
		c.pool.accepted(c.event)
	} else {
		c.countRejection()
		c.pool.rebuffered(c.event)
	}
	c.event = -1
	c.writeOutput(text)
	if text != "babble\n" {
		c.writeReady()
	}
}

// countRejection notes that an event was not accepted: from the fourth time in a row on the
// next event comes after a pause, which doubles.
func (c *fakeChild) countRejection() {
	if c.rejected++; c.rejected > 3 {
		pause := min(10*time.Millisecond<<min(c.rejected-4, 20), 30*time.Second)
		c.pausedUntil = time.Now().Add(pause)
	}
}

func (c *fakeChild) writeReady() {
	c.kernel.mu.Lock()
	if c.ended {
		c.kernel.mu.Unlock()
		return
	}
	text := "READY\n"
	c.ready = !c.behavior.writesExtra
	if c.behavior.writesExtra {
		text += "and more"
	}
	c.writeOutput(text)
}

// writeOutput passes on what the child writes. The caller has locked the kernel; writeOutput
// unlocks it.
func (c *fakeChild) writeOutput(text string) {
	c.writing = true
	c.kernel.mu.Unlock()
	c.out.Write([]byte(text))
	c.kernel.mu.Lock()
	defer c.kernel.mu.Unlock()
	c.writing = false
	if c.pendingExit != nil {
		c.reportExit(*c.pendingExit)
	}
}

// pick returns one of several values.
func pick[T any](rnd *rand.Rand, choices ...T) T { return choices[rnd.IntN(len(choices))] }
