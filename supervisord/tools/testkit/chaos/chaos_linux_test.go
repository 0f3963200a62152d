package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/tools/testkit/linewriter"
)

// TestChaos takes SUPERVISOR_CHAOS_MINUTES, each with a seed of its own. It is
// part of `make proof`: beside other tests there would be no time left for them.
func TestChaos(t *testing.T) {
	minutes := envIntOrSkip(t, "SUPERVISOR_CHAOS_MINUTES")
	seed := envInt("SUPERVISOR_CHAOS_SEED", int(time.Now().Unix()))
	for i := range minutes {
		t.Run(fmt.Sprintf("seed=%d", seed+i), func(t *testing.T) { newChaos(t, uint64(seed+i)).run() })
	}
}

// chaos is one round.
type chaos struct {
	*instance
	rnd      *rand.Rand // used by run only
	programs []*program
	actions  []action

	inFlight  sync.WaitGroup // calls under way
	callLimit chan struct{}  // bounds their number
	stopCalls atomic.Int32   // of them, those that stop programs
	lastStop  atomic.Int64   // when the last of them ended, in nanoseconds since the epoch
	pending   []*program     // removed by an update that the daemon may not have made
	updates   sync.Mutex     // held by an update under way
	counts    map[string]int // of actions, by name
	stop      chan struct{}  // closed to stop the clients
	clients   sync.WaitGroup // that call all the time
	adoptTime time.Duration  // the longest time from start to all adopted
}

// action is something to do at random.
type action struct {
	weight int
	name   string
	do     func()
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{
		instance: newInstance(t), rnd: rand.New(rand.NewPCG(seed, 0)),
		callLimit: make(chan struct{}, 8), counts: make(map[string]int), stop: make(chan struct{}),
	}
	numProcs := 0
	for limit := envInt("SUPERVISOR_CHAOS_PROGRAMS", 120*runtime.NumCPU()); numProcs < limit; {
		p := newProgram(c.rnd, len(c.programs))
		p.makeDirs(c.instance)
		c.programs = append(c.programs, p)
		numProcs += p.numProcs
	}
	c.actions = []action{
		{10, "kill -9 of the daemon", c.crashDaemon},
		{30, "kill -9 of a program", c.killProgram},
		{20, "restart of a process", func() { c.withStop(c.restartOne) }},
		{5, "restart of a group", func() { c.withStop(c.restartGroup) }},
		{6, "supervisorctl restart", func() { c.withStop(c.ctlRestart) }},
		{6, "update", func() { c.withStop(c.update) }},
		{1, "reload", func() { c.withStop(c.reload) }},
		{6, "clear of logs", c.clear},
		{6, "SIGUSR2", c.reopen},
		{6, "half a request", c.halfRequest},
	}
	c.writeConfig() // ctl reads it too
	if c.canUpgrade() {
		c.actions = append(c.actions, action{8, "upgrade", c.upgrade})
	}
	return c
}

// run runs the round.
func (c *chaos) run() {
	c.start()
	c.awaitAllRunning(c.count())
	c.startClients()
	total := 0
	for _, a := range c.actions {
		total += a.weight
	}
	for end := time.Now().Add(round); time.Now().Before(end) && !c.t.Failed(); time.Sleep(rand.N(200 * time.Millisecond)) {
		i, at := 0, c.rnd.IntN(total)
		for ; at >= c.actions[i].weight; i++ {
			at -= c.actions[i].weight
		}
		c.counts[c.actions[i].name]++
		c.actions[i].do()
	}
	c.inFlight.Wait()
	c.awaitConfigured()
	close(c.stop)
	c.clients.Wait()
	c.compareDescriptors()
	if c.rnd.IntN(2) == 0 {
		c.stopAndCheck(func() { c.ctl("shutdown") })
	} else {
		c.stopAndCheck(func() { _ = syscall.Kill(c.pid, syscall.SIGTERM) })
	}
	var sum totals
	for _, p := range c.programs {
		for n := range p.numProcs {
			c.checkLogs(p, p.processName(n), &sum)
		}
	}
	c.t.Logf("%+v, adopted within %v; %v", sum, c.adoptTime, c.counts)
}

// configured lists the programs of the configuration.
func (c *chaos) configured() (list []*program) {
	for _, p := range c.programs {
		if !p.removed {
			list = append(list, p)
		}
	}
	return list
}

func (c *chaos) count() (n int) {
	for _, p := range c.configured() {
		n += p.numProcs
	}
	return n
}

func (c *chaos) writeConfig() {
	var sections []string
	for _, p := range c.configured() {
		sections = append(sections, p.section(c.instance))
	}
	c.configure(strings.Join(sections, "\n"))
}

// async runs an action in the background.
func (c *chaos) async(do func()) {
	c.callLimit <- struct{}{}
	c.inFlight.Go(func() {
		defer func() { <-c.callLimit }()
		do()
	})
}

// withStop runs an action that may stop programs.
func (c *chaos) withStop(do func()) {
	c.stopCalls.Add(1)
	do()
}

func (c *chaos) stopDone() {
	c.lastStop.Store(time.Now().UnixNano())
	c.stopCalls.Add(-1)
}

// noRecentStop reports whether no action has stopped programs in the last two seconds.
func (c *chaos) noRecentStop() bool {
	return c.stopCalls.Load() == 0 && time.Since(time.Unix(0, c.lastStop.Load())) > 2*time.Second
}

// crashDaemon kills the daemon, now and then again while the next one takes over.
func (c *chaos) crashDaemon() {
	quiet := c.noRecentStop()
	down := outage{from: time.Now()}
	c.killDaemon()
	c.inFlight.Wait() // their calls fail
	orphans := c.orphans()
	if c.rnd.IntN(3) == 0 {
		c.killOrphan(orphans)
	}
	c.restoreRemoved()
	time.Sleep(time.Duration(c.rnd.IntN(500)) * time.Millisecond)
	for c.start(); c.rnd.IntN(3) == 0; c.start() {
		time.Sleep(time.Duration(c.rnd.IntN(150)) * time.Millisecond)
		c.killDaemon()
		c.counts["kill -9 of a starting daemon"]++
	}
	started := time.Now()
	var infos map[string]api.ProcessInfo
	if !c.await("the next daemon", func() (ok bool) {
		var err error
		infos, err = c.infos()
		return err == nil
	}) {
		return
	}
	c.adoptTime = max(c.adoptTime, time.Since(started))
	down.to = time.Now()
	c.mu.Lock()
	c.outages = append(c.outages, down)
	c.mu.Unlock()
	for _, o := range orphans {
		c.checkAdopted(o, infos, down.from, quiet)
	}
}

// orphan is a process that ran while there was no daemon.
type orphan struct {
	name string
	id   linewriter.ID
}

func (c *chaos) orphans() (list []orphan) {
	for pid, name := range c.findProcesses() {
		if id, _, ok := c.findRun(name, pid); ok {
			list = append(list, orphan{name, id})
		}
	}
	slices.SortFunc(list, func(a, b orphan) int { return strings.Compare(a.name, b.name) })
	return list
}

// checkAdopted checks that an orphan has the same pid, unless it has exited by itself or
// was killed or stopped by the test.
func (c *chaos) checkAdopted(o orphan, infos map[string]api.ProcessInfo, from time.Time, quiet bool) {
	isAlive := alive(o.id.PID)
	stats, err := linewriter.ReadStats(c.path("stats/"+o.name), o.id)
	if err != nil {
		return
	}
	before := stats.Signaled > 0 && stats.Signaled < from.UnixNano()
	if _, killed := c.wasKilled(o.id); killed || stats.Exited > 0 || before || stats.Signaled > 0 && !quiet {
		return
	}
	info := infos[o.name]
	switch {
	case !isAlive:
		c.t.Errorf("%s (%s) did not survive the daemon: it is %s with pid %d now", o.name, o.id, info.StateName, info.PID)
	case stats.Signaled > 0:
		c.t.Errorf("%s (%s) was sent SIGTERM without a stop", o.name, o.id)
	case info.PID != o.id.PID:
		c.t.Errorf("%s (%s) was not adopted: it is %s with pid %d now", o.name, o.id, info.StateName, info.PID)
	}
	if off := info.Start - o.id.Started/1e9; isAlive && (off < -5 || off > 5) {
		c.t.Errorf("%s (%s) began at %d, not %d", o.name, o.id, o.id.Started/1e9, info.Start)
	}
}

// killOrphan kills a random orphan. The list is sorted, so that the seed decides.
func (c *chaos) killOrphan(list []orphan) {
	if len(list) > 0 {
		o := list[c.rnd.IntN(len(list))]
		c.kill(o.name, o.id.PID)
	}
}

func (c *chaos) killProgram() {
	p, n := c.pickProcess()
	infos, err := c.infos()
	if info := infos[p.processName(n)]; err == nil && info.PID != 0 {
		c.kill(p.processName(n), info.PID)
	}
}

// pickProcess picks a random process.
func (c *chaos) pickProcess() (*program, int) {
	list := c.configured()
	p := list[c.rnd.IntN(len(list))]
	return p, c.rnd.IntN(p.numProcs)
}

// tryCall calls a method. There may be no daemon to answer.
func (c *chaos) tryCall(method string, args ...any) {
	var reply any
	_ = c.call(method, &reply, args...)
}

func (c *chaos) restartOne() {
	p, n := c.pickProcess()
	name, wait := p.namespec(n), c.rnd.IntN(2) == 0
	c.async(func() {
		defer c.stopDone()
		c.tryCall("supervisor.stopProcess", name, wait)
		c.tryCall("supervisor.startProcess", name, wait)
	})
}

func (c *chaos) restartGroup() {
	p, _ := c.pickProcess()
	wait := c.rnd.IntN(2) == 0
	c.async(func() {
		defer c.stopDone()
		c.tryCall("supervisor.stopProcessGroup", p.name, wait)
		c.tryCall("supervisor.startProcessGroup", p.name, wait)
	})
}

func (c *chaos) ctlRestart() {
	p, n := c.pickProcess()
	c.async(func() {
		defer c.stopDone()
		c.ctl("restart", p.namespec(n))
	})
}

// restoreRemoved configures everything that may be running. The next daemon would leave
// alone what is not configured, and an interrupted update may not have stopped it.
func (c *chaos) restoreRemoved() {
	for _, p := range c.pending {
		p.removed = false
	}
	c.pending = nil
	c.writeConfig()
}

// update changes, removes and adds a few programs.
func (c *chaos) update() {
	if !c.updates.TryLock() {
		c.stopDone()
		return
	}
	for range 1 + c.rnd.IntN(3) {
		p := c.programs[c.rnd.IntN(len(c.programs))]
		switch {
		case p.removed:
			p.removed = false
		case c.rnd.IntN(2) == 0 && len(c.configured()) > 1:
			p.removed = true
			c.pending = append(c.pending, p)
		default:
			p.revision++
		}
	}
	c.writeConfig()
	c.async(func() {
		defer c.stopDone()
		defer c.updates.Unlock()
		c.ctl("update")
	})
}

// reload makes the daemon stop everything and start again.
func (c *chaos) reload() {
	byCtl := c.rnd.IntN(2) == 0
	pid := c.pid
	c.async(func() {
		defer c.stopDone()
		if byCtl {
			c.ctl("reload")
		} else {
			_ = syscall.Kill(pid, syscall.SIGHUP)
		}
	})
}

func (c *chaos) clear() {
	for _, p := range c.configured() {
		if p.cleared {
			c.async(func() { c.tryCall("supervisor.clearProcessLogs", p.namespec(0)) })
		}
	}
}

func (c *chaos) reopen() { _ = syscall.Kill(c.pid, syscall.SIGUSR2) }

// halfRequest is a client that closes its connection in the middle of a request.
func (c *chaos) halfRequest() {
	conn, err := net.Dial("unix", c.path("s.sock"))
	if err != nil {
		return
	}
	_, _ = conn.Write([]byte("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<?xml"))
	time.AfterFunc(5*time.Second, func() { conn.Close() })
}

// canUpgrade reports whether the daemon can be upgraded.
func (c *chaos) canUpgrade() bool {
	return strings.HasPrefix(c.ctl("help", "upgrade"), "upgrade ")
}

// upgrade replaces the daemon in its own process.
func (c *chaos) upgrade() {
	quiet, started, orphans := c.noRecentStop(), time.Now(), c.orphans()
	output := c.ctl("upgrade")
	infos, err := c.infos()
	if err != nil && alive(c.pid) && (strings.Contains(err.Error(), "SHUTDOWN_STATE") || errors.Is(err, fs.ErrNotExist)) {
		c.counts["upgrade during a reload"]++ // between shutdown and start, when there is no socket
		return
	}
	if err != nil || !alive(c.pid) {
		c.t.Errorf("after an upgrade, which said %q: %v", output, err)
		return
	}
	if strings.Contains(output, "ERROR") {
		c.counts["refused upgrade"]++
	}
	for _, o := range orphans {
		c.checkAdopted(o, infos, started, quiet)
	}
}

// startClients starts clients that ask for the state, and clients that follow logs.
func (c *chaos) startClients() {
	c.clients.Go(func() {
		for c.pause(50 * time.Millisecond) {
			_, _ = c.infos()
		}
	})
	for i := range 5 {
		p := c.programs[i%len(c.programs)]
		c.clients.Go(func() {
			for c.pause(100 * time.Millisecond) {
				c.follow("/logtail/" + p.namespec(0) + "/stdout")
			}
		})
	}
}

// pause waits, and reports whether clients should go on.
func (c *chaos) pause(d time.Duration) bool {
	select {
	case <-c.stop:
		return false
	case <-time.After(d):
		return true
	}
}

// awaitConfigured waits until what runs is what is configured.
func (c *chaos) awaitConfigured() {
	c.await("the daemon", func() bool { _, err := c.infos(); return err == nil })
	c.ctl("update")
	c.awaitAllRunning(c.count())
	for pid, name := range c.findProcesses() {
		if infos, err := c.infos(); err != nil || infos[name].PID != pid && alive(pid) {
			c.t.Errorf("%d is a second %s beside %d", pid, name, infos[name].PID)
		}
	}
	c.await("no zombies", func() bool { return len(c.zombies()) == 0 })
}

// compareDescriptors checks that the daemon has not many more descriptors than a new one.
func (c *chaos) compareDescriptors() {
	var old, current int
	for range 20 { // until connections of clients are closed
		old = descriptors(c.pid)
		time.Sleep(50 * time.Millisecond)
	}
	from := time.Now()
	c.killDaemon()
	c.start()
	c.awaitAllRunning(c.count())
	c.outages = append(c.outages, outage{from, time.Now()})
	if current = descriptors(c.pid); old > current+5 {
		c.t.Errorf("the daemon had %d descriptors, a new one %d", old, current)
	}
}

// follow reads a log for a moment, as tail -f does.
func (c *chaos) follow(path string) {
	client := c.client()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	stream, err := client.Stream(ctx, path)
	if err != nil {
		return
	}
	defer stream.Close()
	_, _ = io.Copy(io.Discard, stream)
}
