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

// Spawner starts children and reaps them. A process has only one: it reaps every child of
// the process, also those that other code has started.
type Spawner struct {
	log          *slog.Logger
	umaskForker  umaskForker
	tracker      *descendants.Tracker
	reapsOrphans atomic.Bool  // orphans of children come to us
	spawnCount   atomic.Int64 // children started so far

	noPidfdLogged  sync.Once // the log says that there are no pidfds
	shortageLogged sync.Once // the log says that they were closed

	staging atomic.Pointer[output.Staging]
	poller  func() (*epoll.Poller, error)

	mu           sync.Mutex
	reapPaused   bool // see PauseReaping
	children     map[int]*child
	pidfds       map[*os.File]bool  // of adopted children
	forking      int                // forks under way
	forkingSince uint64             // when the first of them began, in ticks since boot
	earlyExits   map[int]reapedExit // of processes reaped while a fork was under way
}

// New returns a spawner that logs to log. Before Run it reaps no child and reads no output.
func New(log *slog.Logger) *Spawner {
	s := &Spawner{
		log:        log,
		children:   make(map[int]*child),
		earlyExits: make(map[int]reapedExit),
		poller:     sync.OnceValues(epoll.New),
	}
	s.reapsOrphans.Store(os.Getpid() == 1)
	s.tracker = s.newTracker()
	return s
}

// UseStaging makes the output of children that are spawned or adopted from now on pass
// through a staging file, nil for none.
func (s *Spawner) UseStaging(t *output.Staging) { s.staging.Store(t) }

// SpawnCount returns how many children were started so far.
func (s *Spawner) SpawnCount() int64 { return s.spawnCount.Load() }

// Run reaps children and waits for their output, until ctx ends.
func (s *Spawner) Run(ctx context.Context) {
	var polling sync.WaitGroup
	defer polling.Wait()
	if p, err := s.poller(); err == nil { // otherwise no child can be spawned
		polling.Go(func() { p.Run(ctx) })
	}
	sigchld := make(chan os.Signal, 1) // one is enough: reap reaps all that have exited
	signal.Notify(sigchld, syscall.SIGCHLD)
	defer signal.Stop(sigchld)
	for {
		s.reap()
		select {
		case <-sigchld:
			s.log.Debug("received SIGCHLD indicating a child quit")
		case <-ctx.Done():
			s.umaskForker.stop()
			return
		}
	}
}

// Spawn starts a child. It blocks until the child has executed its program, typically for
// less than a millisecond. The error is that of making the pipes (a *PipeError) or of the
// fork. If the program can't be executed, the child says so on its stderr and exits with
// status 127. A child that would take reserved descriptors is refused with EMFILE, see
// IsShortage.
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

// forkDone ends a fork, which has failed with err or not.
func (s *Spawner) forkDone(c *child, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forking--
	if err == nil {
		s.addChild(c)
	}
	s.dropUnknownExits()
}

// addChild notes a new child, which may have been reaped before its pid was known.
func (s *Spawner) addChild(c *child) {
	early, exited := s.earlyExits[c.pid]
	if !exited {
		s.children[c.pid] = c
		return
	}
	delete(s.earlyExits, c.pid)
	c.reaped, c.usage = true, early.usage
	go c.handleExit(exitOf(early.status)) // its readers may not have started yet
}

// dropUnknownExits logs and forgets the processes that were reaped while a fork was under
// way and are no children of the spawner.
func (s *Spawner) dropUnknownExits() {
	if s.forking > 0 {
		return
	}
	for pid, early := range s.earlyExits {
		s.logUnknownPID(pid, early.status)
	}
	clear(s.earlyExits)
}

// reap reaps all children that have exited.
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

// reapOne reaps one process. It holds the lock during the wait, which does not block, so
// that Signal sees a child either as alive or as reaped, never as a free pid in between. It
// returns the child, nil if the process was none, and whether there may be more.
func (s *Spawner) reapOne() (reaped *child, e Exit, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reapPaused {
		return nil, e, false
	}
	var ws syscall.WaitStatus
	var ru syscall.Rusage
	aliveTick := procfs.BootTicks()
	pid, own, err := accounts.Reap(func() (int, error) { return syscall.Wait4(-1, &ws, syscall.WNOHANG, &ru) })
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
		c.reaped, c.aliveTick, c.usage = true, aliveTick, usageOf(&ru)
		return c, exitOf(ws), true
	}
	if s.forking > 0 {
		s.earlyExits[pid] = reapedExit{ws, usageOf(&ru)}
	} else {
		s.logUnknownPID(pid, ws)
	}
	return nil, e, true
}
