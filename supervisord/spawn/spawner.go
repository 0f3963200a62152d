package spawn

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"supervisor/supervisord/system/accounts"
)

// Spawner makes children and reaps them. One daemon has one: it reaps every
// child of the process, whoever made it.
type Spawner struct {
	log      *slog.Logger
	umasks   umasks
	cgroups  cgroups
	inherits atomic.Bool  // orphans of children come to us
	total    atomic.Int64 // births so far

	unwatched sync.Once // the log tells that there are no pidfds
	scarce    sync.Once // the log tells that they have been given up

	tray   atomic.Pointer[Tray]
	poller func() (*poller, error)

	mu       sync.Mutex
	held     bool // see Hold
	children map[int]*child
	pidfds   map[*os.File]bool          // of adopted children
	births   int                        // forks under way
	bearing  uint64                     // since when there are any, in ticks since boot
	early    map[int]syscall.WaitStatus // ended while births were under way
}

// New returns a spawner that logs to log. Nothing is reaped or heard before Run.
func New(log *slog.Logger) *Spawner {
	s := &Spawner{
		log:      log,
		children: make(map[int]*child),
		early:    make(map[int]syscall.WaitStatus),
		poller:   sync.OnceValues(newPoller),
	}
	s.inherits.Store(os.Getpid() == 1)
	return s
}

// UseTray has the output of children that are born or adopted from now on pass
// through a tray, nil for none.
func (s *Spawner) UseTray(t *Tray) { s.tray.Store(t) }

// Births returns how many children there have been so far.
func (s *Spawner) Births() int64 { return s.total.Load() }

func (s *Spawner) currentTray() *Tray { return s.tray.Load() }

// Run reaps children, and sees who of them has something to say, until ctx ends.
func (s *Spawner) Run(ctx context.Context) {
	var ear sync.WaitGroup
	defer ear.Wait()
	if p, err := s.poller(); err == nil { // or no child is born
		ear.Go(func() { p.run(ctx) })
	}
	died := make(chan os.Signal, 1) // one is enough: a round reaps them all
	signal.Notify(died, syscall.SIGCHLD)
	defer signal.Stop(died)
	for {
		s.reap()
		select {
		case <-died:
			s.log.Debug("received SIGCHLD indicating a child quit")
		case <-ctx.Done():
			s.umasks.stop()
			return
		}
	}
}

// Spawn gives birth to a child. It blocks until the child has executed its
// program, typically for less than a millisecond. The error is the one of
// making the pipes (a *PipeError) or of the fork; a program that can't be
// executed is a child that says so and ends with status 127. A child that would
// take some of the last descriptors is refused with EMFILE, see IsShortage.
func (s *Spawner) Spawn(spec *Spec) (Child, error) {
	c, err := newChild(s, spec)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.births++; s.births == 1 {
		s.bearing = bootTicks()
	}
	s.mu.Unlock()

	c.pid, err = s.fork(c, spec)
	c.closeTheirs()
	s.total.Add(1)

	s.born(c, err)
	if err != nil {
		c.abandon()
		return nil, err
	}
	if spec.Born != nil {
		spec.Born(c)
	}
	c.listen()
	return c, nil
}

// born ends a birth that went well or not.
func (s *Spawner) born(c *child, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.births--
	if err == nil {
		s.enter(c)
	}
	s.forgetStrangers()
}

// enter notes a newborn, which may have died before its pid was known.
func (s *Spawner) enter(c *child) {
	ws, dead := s.early[c.pid]
	if !dead {
		s.children[c.pid] = c
		return
	}
	delete(s.early, c.pid)
	c.reaped = true
	go c.bury(exitOf(ws)) // it may not listen yet
}

// forgetStrangers says goodbye to those that ended during a birth and turn out
// to be nobody's child.
func (s *Spawner) forgetStrangers() {
	if s.births > 0 {
		return
	}
	for pid, ws := range s.early {
		s.logStranger(pid, ws)
	}
	clear(s.early)
}

// reap buries all children that have ended.
func (s *Spawner) reap() {
	for more := true; more; {
		var c *child
		var e Exit
		c, e, more = s.reapOne()
		if c != nil && !c.buryAtOnce(e) {
			go c.bury(e)
		}
	}
}

// reapOne holds the lock over the wait, which does not block, so that Signal
// sees a child either as alive or as reaped, never as a free pid in between. It
// returns the child if it was one, and whether there may be more.
func (s *Spawner) reapOne() (dead *child, e Exit, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		return nil, e, false
	}
	var ws syscall.WaitStatus
	died := bootTicks()
	pid, own, err := accounts.Reap(func() (int, error) { return syscall.Wait4(-1, &ws, syscall.WNOHANG, nil) })
	switch {
	case own:
		return nil, e, true
	case errors.Is(err, syscall.EINTR):
		return nil, e, true
	case errors.Is(err, syscall.ECHILD) || pid == 0:
		return nil, e, false
	case err != nil:
		s.log.Log(context.Background(), slog.LevelError+4, // CRITICAL of the main log
			"waitpid error "+err.Error()+"; a process may not be cleaned up properly")
		return nil, e, false
	}
	if c, ok := s.children[pid]; ok {
		delete(s.children, pid)
		c.reaped, c.died = true, died
		return c, exitOf(ws), true
	}
	if s.births > 0 {
		s.early[pid] = ws
	} else {
		s.logStranger(pid, ws)
	}
	return nil, e, true
}
