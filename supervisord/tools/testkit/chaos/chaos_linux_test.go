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
	"supervisor/supervisord/tools/testkit/scribe"
)

// TestChaos takes SUPERVISOR_CHAOS_MINUTES, each with a seed of its own. It is
// part of `make proof`: beside other tests there would be no time left for them.
func TestChaos(t *testing.T) {
	minutes := proof(t, "SUPERVISOR_CHAOS_MINUTES")
	seed := number("SUPERVISOR_CHAOS_SEED", int(time.Now().Unix()))
	for i := range minutes {
		t.Run(fmt.Sprintf("seed=%d", seed+i), func(t *testing.T) { newChaos(t, uint64(seed+i)).run() })
	}
}

// chaos is one round.
type chaos struct {
	*site
	rnd      *rand.Rand // of the goroutine of run
	programs []*program
	actions  []action

	under   sync.WaitGroup // calls under way
	lanes   chan struct{}  // bounds them
	stopper atomic.Int32   // of them, those that stop programs
	calmAt  atomic.Int64   // when the last of them ended, in nanoseconds since the epoch
	pending []*program     // removed since the daemon was started, or about to be
	updates sync.Mutex     // held by an update under way
	done    map[string]int // how often what was done
	stop    chan struct{}  // closed when clients shall end
	clients sync.WaitGroup // that come all the time
	adopted time.Duration  // the longest time from start to all adopted
}

// action is something that may happen.
type action struct {
	weight int
	name   string
	do     func()
}

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{
		site: newSite(t), rnd: rand.New(rand.NewPCG(seed, 0)),
		lanes: make(chan struct{}, 8), done: make(map[string]int), stop: make(chan struct{}),
	}
	scribes := 0
	for limit := number("SUPERVISOR_CHAOS_PROGRAMS", 120*runtime.NumCPU()); scribes < limit; {
		p := newProgram(c.rnd, len(c.programs))
		p.makeDirs(c.site)
		c.programs = append(c.programs, p)
		scribes += p.scribes
	}
	c.actions = []action{
		{10, "kill -9 of the daemon", c.crash},
		{30, "kill -9 of a program", c.killSome},
		{20, "restart of a process", func() { c.stopping(c.restartOne) }},
		{5, "restart of a group", func() { c.stopping(c.restartGroup) }},
		{6, "supervisorctl restart", func() { c.stopping(c.ctlRestart) }},
		{6, "update", func() { c.stopping(c.update) }},
		{1, "reload", func() { c.stopping(c.reload) }},
		{6, "clear of logs", c.clear},
		{6, "SIGUSR2", c.reopen},
		{6, "half a request", c.halfRequest},
	}
	c.write() // ctl reads it too
	if c.canUpgrade() {
		c.actions = append(c.actions, action{8, "upgrade", c.upgrade})
	}
	return c
}

// run is the round from its first to its last breath.
func (c *chaos) run() {
	c.start()
	c.awaitAllRunning(c.count())
	c.visit()
	total := 0
	for _, a := range c.actions {
		total += a.weight
	}
	for end := time.Now().Add(round); time.Now().Before(end) && !c.t.Failed(); time.Sleep(rand.N(200 * time.Millisecond)) {
		i, at := 0, c.rnd.IntN(total)
		for ; at >= c.actions[i].weight; i++ {
			at -= c.actions[i].weight
		}
		c.done[c.actions[i].name]++
		c.actions[i].do()
	}
	c.under.Wait()
	c.settle()
	close(c.stop)
	c.clients.Wait()
	c.compareDescriptors()
	if c.rnd.IntN(2) == 0 {
		c.dismiss(func() { c.ctl("shutdown") })
	} else {
		c.dismiss(func() { _ = syscall.Kill(c.pid, syscall.SIGTERM) })
	}
	var sum figures
	for _, p := range c.programs {
		for n := range p.scribes {
			c.check(p, p.instance(n), &sum)
		}
	}
	c.t.Logf("%+v, adopted within %v; %v", sum, c.adopted, c.done)
}

// present lists the programs of the configuration.
func (c *chaos) present() (list []*program) {
	for _, p := range c.programs {
		if !p.removed {
			list = append(list, p)
		}
	}
	return list
}

func (c *chaos) count() (n int) {
	for _, p := range c.present() {
		n += p.scribes
	}
	return n
}

func (c *chaos) write() {
	var sections []string
	for _, p := range c.present() {
		sections = append(sections, p.section(c.site))
	}
	c.configure(strings.Join(sections, "\n"))
}

// async does what takes its time while more happens.
func (c *chaos) async(do func()) {
	c.lanes <- struct{}{}
	c.under.Go(func() {
		defer func() { <-c.lanes }()
		do()
	})
}

// stopping is around what may stop programs, on purpose.
func (c *chaos) stopping(do func()) {
	c.stopper.Add(1)
	do()
}

func (c *chaos) stopped() {
	c.calmAt.Store(time.Now().UnixNano())
	c.stopper.Add(-1)
}

// calm tells whether nobody has told programs to stop lately.
func (c *chaos) calm() bool {
	return c.stopper.Load() == 0 && time.Since(time.Unix(0, c.calmAt.Load())) > 2*time.Second
}

// crash kills the daemon, now and then again while the next one takes over.
func (c *chaos) crash() {
	calm := c.calm()
	dark := darkness{from: time.Now()}
	c.killDaemon()
	c.under.Wait() // they have nobody to talk to
	orphans := c.orphans()
	if c.rnd.IntN(3) == 0 {
		c.killOne(orphans)
	}
	c.putBack()
	time.Sleep(time.Duration(c.rnd.IntN(500)) * time.Millisecond)
	for c.start(); c.rnd.IntN(3) == 0; c.start() {
		time.Sleep(time.Duration(c.rnd.IntN(150)) * time.Millisecond)
		c.killDaemon()
		c.done["kill -9 of a starting daemon"]++
	}
	began := time.Now()
	var infos map[string]api.ProcessInfo
	if !c.await("the next daemon", func() (ok bool) {
		var err error
		infos, err = c.infos()
		return err == nil
	}) {
		return
	}
	c.adopted = max(c.adopted, time.Since(began))
	dark.to = time.Now()
	c.mu.Lock()
	c.dark = append(c.dark, dark)
	c.mu.Unlock()
	for _, o := range orphans {
		c.checkAdopted(o, infos, dark.from, calm)
	}
}

// orphan is a scribe that lived when there was no daemon.
type orphan struct {
	name string
	id   scribe.ID
}

func (c *chaos) orphans() (list []orphan) {
	for pid, name := range c.scan() {
		if id, _, ok := c.life(name, pid); ok {
			list = append(list, orphan{name, id})
		}
	}
	slices.SortFunc(list, func(a, b orphan) int { return strings.Compare(a.name, b.name) })
	return list
}

// checkAdopted sees to it that an orphan that has not ended by itself, nor by
// our hand, nor because somebody had told it to, is where it was.
func (c *chaos) checkAdopted(o orphan, infos map[string]api.ProcessInfo, from time.Time, calm bool) {
	isAlive := alive(o.id.PID)
	tally, err := scribe.Read(c.path("tally/"+o.name), o.id)
	if err != nil {
		return
	}
	before := tally.Told > 0 && tally.Told < from.UnixNano()
	if _, killed := c.wasKilled(o.id); killed || tally.Ended > 0 || before || tally.Told > 0 && !calm {
		return
	}
	info := infos[o.name]
	switch {
	case !isAlive:
		c.t.Errorf("%s (%s) did not survive the daemon: it is %s with pid %d now", o.name, o.id, info.StateName, info.PID)
	case tally.Told > 0:
		c.t.Errorf("%s (%s) was told to end by nobody's wish", o.name, o.id)
	case info.PID != o.id.PID:
		c.t.Errorf("%s (%s) was not adopted: it is %s with pid %d now", o.name, o.id, info.StateName, info.PID)
	}
	if off := info.Start - o.id.Begun/1e9; isAlive && (off < -5 || off > 5) {
		c.t.Errorf("%s (%s) began at %d, not %d", o.name, o.id, o.id.Begun/1e9, info.Start)
	}
}

// killOne kills a random one. The order of the list is that of names, so that
// the seed decides.
func (c *chaos) killOne(list []orphan) {
	if len(list) > 0 {
		o := list[c.rnd.IntN(len(list))]
		c.kill(o.name, o.id.PID)
	}
}

func (c *chaos) killSome() {
	p, n := c.pick()
	infos, err := c.infos()
	if info := infos[p.instance(n)]; err == nil && info.PID != 0 {
		c.kill(p.instance(n), info.PID)
	}
}

// pick picks a random process.
func (c *chaos) pick() (*program, int) {
	list := c.present()
	p := list[c.rnd.IntN(len(list))]
	return p, c.rnd.IntN(p.scribes)
}

// try calls a method of which nobody knows whether there is a daemon for it.
func (c *chaos) try(method string, args ...any) {
	var reply any
	_ = c.call(method, &reply, args...)
}

func (c *chaos) restartOne() {
	p, n := c.pick()
	name, wait := p.fullName(n), c.rnd.IntN(2) == 0
	c.async(func() {
		defer c.stopped()
		c.try("supervisor.stopProcess", name, wait)
		c.try("supervisor.startProcess", name, wait)
	})
}

func (c *chaos) restartGroup() {
	p, _ := c.pick()
	wait := c.rnd.IntN(2) == 0
	c.async(func() {
		defer c.stopped()
		c.try("supervisor.stopProcessGroup", p.name, wait)
		c.try("supervisor.startProcessGroup", p.name, wait)
	})
}

func (c *chaos) ctlRestart() {
	p, n := c.pick()
	c.async(func() {
		defer c.stopped()
		c.ctl("restart", p.fullName(n))
	})
}

// putBack has the next daemon know all that may be running. It would leave alone
// what is not configured any more: an update may not have got that far.
func (c *chaos) putBack() {
	for _, p := range c.pending {
		p.removed = false
	}
	c.pending = nil
	c.write()
}

// update changes, removes and brings back a few programs.
func (c *chaos) update() {
	if !c.updates.TryLock() {
		c.stopped()
		return
	}
	for range 1 + c.rnd.IntN(3) {
		p := c.programs[c.rnd.IntN(len(c.programs))]
		switch {
		case p.removed:
			p.removed = false
		case c.rnd.IntN(2) == 0 && len(c.present()) > 1:
			p.removed = true
			c.pending = append(c.pending, p)
		default:
			p.revision++
		}
	}
	c.write()
	c.async(func() {
		defer c.stopped()
		defer c.updates.Unlock()
		c.ctl("update")
	})
}

// reload has the daemon stop everything and begin anew.
func (c *chaos) reload() {
	byCtl := c.rnd.IntN(2) == 0
	pid := c.pid
	c.async(func() {
		defer c.stopped()
		if byCtl {
			c.ctl("reload")
		} else {
			_ = syscall.Kill(pid, syscall.SIGHUP)
		}
	})
}

func (c *chaos) clear() {
	for _, p := range c.present() {
		if p.cleared {
			c.async(func() { c.try("supervisor.clearProcessLogs", p.fullName(0)) })
		}
	}
}

func (c *chaos) reopen() { _ = syscall.Kill(c.pid, syscall.SIGUSR2) }

// halfRequest is a client that goes away in the middle, later.
func (c *chaos) halfRequest() {
	conn, err := net.Dial("unix", c.path("s.sock"))
	if err != nil {
		return
	}
	_, _ = conn.Write([]byte("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<?xml"))
	time.AfterFunc(5*time.Second, func() { conn.Close() })
}

// canUpgrade tells whether the daemon knows how to be replaced in place.
func (c *chaos) canUpgrade() bool {
	return strings.HasPrefix(c.ctl("help", "upgrade"), "upgrade ")
}

// upgrade replaces the daemon by another one in its own process.
func (c *chaos) upgrade() {
	calm, began, orphans := c.calm(), time.Now(), c.orphans()
	said := c.ctl("upgrade")
	infos, err := c.infos()
	if err != nil && alive(c.pid) && (strings.Contains(err.Error(), "SHUTDOWN_STATE") || errors.Is(err, fs.ErrNotExist)) {
		c.done["upgrade during a reload"]++ // maybe between two lives, when there is no socket
		return
	}
	if err != nil || !alive(c.pid) {
		c.t.Errorf("after an upgrade, which said %q: %v", said, err)
		return
	}
	if strings.Contains(said, "ERROR") {
		c.done["upgrade that was refused"]++
	}
	for _, o := range orphans {
		c.checkAdopted(o, infos, began, calm)
	}
}

// visit has clients come all the time: who look at the state, and who follow
// logs.
func (c *chaos) visit() {
	c.clients.Go(func() {
		for c.pause(50 * time.Millisecond) {
			_, _ = c.infos()
		}
	})
	for i := range 5 {
		p := c.programs[i%len(c.programs)]
		c.clients.Go(func() {
			for c.pause(100 * time.Millisecond) {
				c.follow("/logtail/" + p.fullName(0) + "/stdout")
			}
		})
	}
}

// pause tells whether the clients are wanted still.
func (c *chaos) pause(d time.Duration) bool {
	select {
	case <-c.stop:
		return false
	case <-time.After(d):
		return true
	}
}

// settle waits until everything is as configured.
func (c *chaos) settle() {
	c.await("the daemon", func() bool { _, err := c.infos(); return err == nil })
	c.ctl("update")
	c.awaitAllRunning(c.count())
	for pid, name := range c.scan() {
		if infos, err := c.infos(); err != nil || infos[name].PID != pid && alive(pid) {
			c.t.Errorf("%d is a second %s beside %d", pid, name, infos[name].PID)
		}
	}
	c.await("no zombies", func() bool { return len(c.zombies()) == 0 })
}

// compareDescriptors sees to it that the daemon has no more descriptors than
// one that is new.
func (c *chaos) compareDescriptors() {
	var old, fresh int
	for range 20 { // clients take a moment to go
		old = descriptors(c.pid)
		time.Sleep(50 * time.Millisecond)
	}
	from := time.Now()
	c.killDaemon()
	c.start()
	c.awaitAllRunning(c.count())
	c.dark = append(c.dark, darkness{from, time.Now()})
	if fresh = descriptors(c.pid); old > fresh+5 {
		c.t.Errorf("the daemon had %d descriptors, a new one %d", old, fresh)
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
