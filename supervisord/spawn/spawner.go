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

	"supervisor/supervisord/spawn/descendants"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/system/accounts"
	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/procfs"
)

// Spawner makes children and reaps them. One daemon has one: it reaps every
// child of the process, whoever made it.
type Spawner struct {
	log          *slog.Logger
	umaskForker  umaskForker
	tracker      *descendants.Tracker
	reapsOrphans atomic.Bool  // orphans of children come to us
	spawnCount   atomic.Int64 // births so far

	noPidfdLogged  sync.Once // the log tells that there are no pidfds
	shortageLogged sync.Once // the log tells that they have been given up

	staging atomic.Pointer[output.Staging]
	poller  func() (*epoll.Poller, error)

	mu           sync.Mutex
	reapPaused   bool // see Hold
	children     map[int]*child
	pidfds       map[*os.File]bool          // of adopted children
	forking      int                        // forks under way
	forkingSince uint64                     // since when there are any, in ticks since boot
	earlyExits   map[int]syscall.WaitStatus // ended while births were under way
}

// New returns a spawner that logs to log. Nothing is reaped or heard before Run.
func New(log *slog.Logger) *Spawner {
	s := &Spawner{
		log:        log,
		children:   make(map[int]*child),
		earlyExits: make(map[int]syscall.WaitStatus),
		poller:     sync.OnceValues(epoll.New),
	}
	s.reapsOrphans.Store(os.Getpid() == 1)
	s.tracker = s.newTracker()
	return s
}

// UseStaging has the output of children that are born or adopted from now on pass
// through a tray, nil for none.
func (s *Spawner) UseStaging(t *output.Staging) { s.staging.Store(t) }

// SpawnCount returns how many children there have been so far.
func (s *Spawner) SpawnCount() int64 { return s.spawnCount.Load() }

// Run reaps children, and sees who of them has something to say, until ctx ends.
func (s *Spawner) Run(ctx context.Context) {
	var polling sync.WaitGroup
	defer polling.Wait()
	if p, err := s.poller(); err == nil { // or no child is born
		polling.Go(func() { p.Run(ctx) })
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
			s.umaskForker.stop()
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
	if s.forking++; s.forking == 1 {
		s.forkingSince = procfs.BootTicks()
	}
	s.mu.Unlock()

	c.pid, err = s.fork(c, spec)
	c.closeChildEnds()
	s.spawnCount.Add(1)

	s.forkDone(c, err)
	if err != nil {
		c.discard()
		return nil, err
	}
	if spec.OnSpawn != nil {
		spec.OnSpawn(c)
	}
	c.startReading()
	return c, nil
}

// forkDone ends a birth that went well or not.
func (s *Spawner) forkDone(c *child, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forking--
	if err == nil {
		s.addChild(c)
	}
	s.dropUnknownExits()
}

// addChild notes a newborn, which may have died before its pid was known.
func (s *Spawner) addChild(c *child) {
	ws, dead := s.earlyExits[c.pid]
	if !dead {
		s.children[c.pid] = c
		return
	}
	delete(s.earlyExits, c.pid)
	c.reaped = true
	go c.handleExit(exitOf(ws)) // it may not listen yet
}

// dropUnknownExits says goodbye to those that ended during a birth and turn out
// to be nobody's child.
func (s *Spawner) dropUnknownExits() {
	if s.forking > 0 {
		return
	}
	for pid, ws := range s.earlyExits {
		s.logUnknownPID(pid, ws)
	}
	clear(s.earlyExits)
}

// reap buries all children that have ended.
func (s *Spawner) reap() {
	for more := true; more; {
		var c *child
		var e Exit
		c, e, more = s.reapOne()
		if c != nil && !c.tryHandleExit(e) {
			go c.handleExit(e)
		}
	}
}

// reapOne holds the lock over the wait, which does not block, so that Signal
// sees a child either as alive or as reaped, never as a free pid in between. It
// returns the child if it was one, and whether there may be more.
func (s *Spawner) reapOne() (dead *child, e Exit, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reapPaused {
		return nil, e, false
	}
	var ws syscall.WaitStatus
	died := procfs.BootTicks()
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
		c.reaped, c.aliveTick = true, died
		return c, exitOf(ws), true
	}
	if s.forking > 0 {
		s.earlyExits[pid] = ws
	} else {
		s.logUnknownPID(pid, ws)
	}
	return nil, e, true
}
