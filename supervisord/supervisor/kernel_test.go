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
)

// The longest that the simulated kernel takes: over the end of a child that
// got SIGKILL, and from the end of a child until its parent hears of it.
const (
	slowestKill   = 3 * time.Second
	slowestBurial = time.Second
)

// kernel is a simulated one. What it does to a child depends on the seed, the
// child's name and how many of that name there were before, never on the order
// in which goroutines happen to run.
type kernel struct {
	seed  uint64
	model *model

	mu     sync.Mutex
	calm   bool // children are born, obey and do their work
	closed bool // a birth would be a violation
	births map[string]uint64
	alive  map[string][]*simulated // by group:name, until their end was told
	pids   int
}

// simulated is a child of the simulated kernel.
type simulated struct {
	kernel *kernel
	name   string // group:name
	pid    int
	exits  chan spawn.Exit
	out    spawn.Output
	nature nature
	pool   *audience // nil for what is no listener

	// What follows is guarded by kernel.mu.
	dice     *rand.Rand
	ended    bool        // the process is a zombie, or less
	orphan   bool        // its process is not supervised any more
	talking  bool        // what it has written is being passed on
	news     *spawn.Exit // its end, which is told after that
	ready    bool        // a listener that waits for an event
	holding  int         // the event that a listener works on, -1 for none
	rejected int         // events in a row
	paused   time.Time   // until then no event comes, for that
}

// nature is how a child behaves.
type nature struct {
	obeys     bool          // the first signal that it gets
	patience  time.Duration // until it obeys
	kill      time.Duration // until SIGKILL takes effect
	burial    time.Duration // from its end until the parent hears
	protected float64       // how often the kernel refuses a signal to it
	stdin     error
	mutes     bool // a listener that never says READY
	hasty     bool // a listener that says more than READY
}

// setCalm has the kernel and the children born from now on give no trouble, or
// trouble again.
func (k *kernel) setCalm(is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calm = is
}

// close makes every further birth a violation.
func (k *kernel) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
}

// Spawn implements process.Spawner.
func (k *kernel) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	name := nameOf(spec.Env)
	k.mu.Lock()
	if k.closed {
		k.model.violated("%s was born after the shutdown had begun", name)
	}
	dice := rand.New(rand.NewPCG(k.seed, hash(name)+k.births[name]))
	k.births[name]++
	if err := k.failure(dice); err != nil {
		k.mu.Unlock()
		return nil, err
	}
	if k.model.disown(name) {
		for _, c := range k.alive[name] {
			c.orphan = true
		}
		delete(k.alive, name)
	}
	k.pids++
	c := &simulated{
		kernel: k, name: name, pid: k.pids, exits: make(chan spawn.Exit, 1), out: spec.Stdout,
		dice: dice, nature: k.nature(dice), pool: k.model.poolOf(name), holding: -1,
	}
	k.alive[name] = append(k.alive[name], c)
	calm := k.calm
	k.mu.Unlock()
	spec.Born(c)
	c.live(calm)
	return c, nil
}

// Adopt implements process.Spawner: nobody has been there before.
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

func (k *kernel) failure(dice *rand.Rand) error {
	if k.calm || dice.Float64() > 0.08 {
		return nil
	}
	return pick[error](dice, syscall.EAGAIN, syscall.ENOMEM, &spawn.PipeError{Err: syscall.EMFILE}, &spawn.PipeError{Err: syscall.ENFILE})
}

func (k *kernel) nature(dice *rand.Rand) nature {
	n := nature{obeys: true}
	if k.calm {
		return n
	}
	n.obeys = dice.Float64() < 0.8
	n.patience = pick(dice, 0, 0, time.Nanosecond, 300*time.Millisecond, time.Second, 2*time.Second, 5*time.Second)
	n.kill = pick(dice, 0, 0, 0, time.Millisecond, time.Second, slowestKill)
	n.burial = pick(dice, 0, 0, 0, time.Nanosecond, 10*time.Millisecond, slowestBurial)
	if dice.Float64() < 0.05 {
		n.protected = 0.5
	}
	n.stdin = pick[error](dice, nil, nil, nil, nil, nil, nil, nil, nil, syscall.EPIPE, syscall.ENOBUFS)
	n.mutes, n.hasty = dice.Float64() < 0.05, dice.Float64() < 0.05
	return n
}

// live sets the clock for what the child does by itself.
func (c *simulated) live(calm bool) {
	if c.pool == nil {
		c.out.Write([]byte("hello\n"))
	} else if !c.nature.mutes {
		c.after(pick(c.dice, 0, 0, time.Millisecond, 2*time.Second), c.sayReady)
	}
	if calm || c.dice.Float64() < 0.5 {
		return
	}
	exit := spawn.Exit{Code: pick(c.dice, 0, 0, 1, 2)}
	if c.dice.Float64() < 0.2 {
		exit = spawn.Exit{Code: -1, Signal: syscall.SIGSEGV}
	}
	c.after(lifetime(c.dice), func() { c.end(exit) })
}

// lifetime is 0 for what turns itself into a daemon or can't start, often a
// whole number of seconds, as startsecs is, or just beside it.
func lifetime(dice *rand.Rand) time.Duration {
	if dice.Float64() < 0.3 {
		return 0
	}
	whole := time.Duration(dice.IntN(4)) * time.Second
	return max(0, whole+pick(dice, 0, 0, -time.Nanosecond, time.Nanosecond, 400*time.Millisecond, 20*time.Second, 10*time.Minute))
}

// after does something in the time d, at once for 0.
func (c *simulated) after(d time.Duration, do func()) {
	if d == 0 {
		do()
		return
	}
	time.AfterFunc(d, do)
}

// Pid implements spawn.Child.
func (c *simulated) Pid() int { return c.pid }

// Traces implements spawn.Child.
func (c *simulated) Traces() spawn.Traces { return spawn.Traces{} }

// Bequeath implements spawn.Child: the simulated daemon is never followed by
// another one.
func (c *simulated) Bequeath() (spawn.Bequest, error) { return spawn.Bequest{}, nil }
func (c *simulated) Heir() int                        { return 0 }

// Exited implements spawn.Child.
func (c *simulated) Exited() <-chan spawn.Exit { return c.exits }

// Signal implements spawn.Child.
func (c *simulated) Signal(sig syscall.Signal, _ bool) error {
	c.kernel.mu.Lock()
	if c.ended {
		c.kernel.mu.Unlock()
		return syscall.ESRCH
	}
	if !c.kernel.calm && c.dice.Float64() < c.nature.protected {
		c.kernel.mu.Unlock()
		return syscall.EPERM
	}
	c.kernel.mu.Unlock()
	switch {
	case sig == syscall.SIGKILL:
		c.after(c.nature.kill, func() { c.end(spawn.Exit{Code: -1, Signal: sig}) })
	case c.nature.obeys:
		c.after(c.nature.patience, func() { c.end(spawn.Exit{Code: -1, Signal: sig}) })
	}
	return nil
}

// end makes the child a zombie, and tells the parent after a while.
func (c *simulated) end(e spawn.Exit) {
	c.kernel.mu.Lock()
	defer c.kernel.mu.Unlock()
	if c.ended {
		return
	}
	c.ended = true
	c.ready = false
	if c.nature.burial > 0 {
		time.AfterFunc(c.nature.burial, func() {
			c.kernel.mu.Lock()
			defer c.kernel.mu.Unlock()
			c.bury(e)
		})
		return
	}
	c.bury(e)
}

// bury tells of the child's end, after all that it has written.
func (c *simulated) bury(e spawn.Exit) {
	if c.talking {
		c.news = &e
		return
	}
	k := c.kernel
	for i, other := range k.alive[c.name] {
		if other == c {
			k.alive[c.name] = append(k.alive[c.name][:i], k.alive[c.name][i+1:]...)
		}
	}
	if c.holding >= 0 && !c.orphan && !k.model.isOrphaned(c.name) {
		c.pool.giveBack(c.holding)
		c.holding = -1
	}
	c.exits <- e
}

// Write implements spawn.Child.
func (c *simulated) Write(data []byte) error {
	c.kernel.mu.Lock()
	defer c.kernel.mu.Unlock()
	switch {
	case c.ended:
		return syscall.EPIPE
	case c.nature.stdin != nil:
		return c.nature.stdin
	case c.pool == nil || !strings.HasPrefix(string(data), "ver:3.0 "):
		return nil
	}
	c.take(string(data))
	return nil
}

// take has a listener work on an event.
func (c *simulated) take(envelope string) {
	if !c.ready || c.holding >= 0 {
		c.kernel.model.violated("%s was given an event that it was not ready for", c.name)
	}
	c.ready = false
	c.holding = c.pool.delivered(field(envelope, "serial:"), field(envelope, "poolserial:"))
	delay := pick(c.dice, time.Nanosecond, time.Millisecond, time.Millisecond, time.Second, 10*time.Second)
	answer := pick(c.dice, "RESULT 2\nOK", "RESULT 2\nOK", "RESULT 2\nOK", "RESULT 2\nOK", "RESULT 4\nFAIL", "babble\n", "")
	if c.kernel.calm {
		delay, answer = time.Millisecond, "RESULT 2\nOK"
	}
	if answer != "" {
		time.AfterFunc(delay, func() { c.answer(answer) })
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

func (c *simulated) answer(text string) {
	c.kernel.mu.Lock()
	if c.ended {
		c.kernel.mu.Unlock()
		return
	}
	if strings.HasSuffix(text, "OK") {
		c.rejected = 0
		c.pool.accepted(c.holding)
	} else {
		c.reject()
		c.pool.giveBack(c.holding)
	}
	c.holding = -1
	c.say(text)
	if text != "babble\n" {
		c.sayReady()
	}
}

// reject notes that an event was not accepted: from the fourth time in a row on the
// next one comes after a pause that doubles.
func (c *simulated) reject() {
	if c.rejected++; c.rejected > 3 {
		pause := min(10*time.Millisecond<<min(c.rejected-4, 20), 30*time.Second)
		c.paused = time.Now().Add(pause)
	}
}

func (c *simulated) sayReady() {
	c.kernel.mu.Lock()
	if c.ended {
		c.kernel.mu.Unlock()
		return
	}
	text := "READY\n"
	c.ready = !c.nature.hasty
	if c.nature.hasty {
		text += "and more"
	}
	c.say(text)
}

// say passes on what the child writes. It is called with the kernel locked and
// unlocks it.
func (c *simulated) say(text string) {
	c.talking = true
	c.kernel.mu.Unlock()
	c.out.Write([]byte(text))
	c.kernel.mu.Lock()
	defer c.kernel.mu.Unlock()
	c.talking = false
	if c.news != nil {
		c.bury(*c.news)
	}
}

// pick takes one of several.
func pick[T any](dice *rand.Rand, choices ...T) T { return choices[dice.IntN(len(choices))] }
