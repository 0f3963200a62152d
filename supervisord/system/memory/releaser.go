package memory

import (
	"context"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Releaser decides when memory is released.
type Releaser struct {
	spawnCount func() int64
	resident   func() int64 // bytes, 0 where it is not known
	release    func()

	startsDone chan struct{} // a round of starts is over
	used       chan struct{} // there was work since Run last looked
	uses       atomic.Int64
}

const (
	// releaseAfterStarts is how long after a round of starts memory is released: by
	// then the processes are idle, as they are most of their lives. If more than
	// maxIdleSpawns are spawned in that time, the memory would soon be needed again.
	releaseAfterStarts = time.Second
	maxIdleSpawns      = 10
	// releaseAfterUse is the same for requests and restarts, and maxIdleUses is their
	// number in that time.
	releaseAfterUse = 10 * time.Second
	maxIdleUses     = 50
	// minRelease is how much there must be to release after those, in bytes. A client
	// that polls does not need as much, so its memory is not released only to be
	// needed again for its next request.
	minRelease = 7 << 20
)

// NewReleaser returns a Releaser. spawnCount returns how many children have been
// spawned so far.
func NewReleaser(spawnCount func() int64) *Releaser {
	return &Releaser{
		spawnCount: spawnCount, resident: residentBytes, release: release,
		startsDone: make(chan struct{}, 1), used: make(chan struct{}, 1),
	}
}

// StartsDone reports that a round of starts is over.
func (m *Releaser) StartsDone() {
	select {
	case m.startsDone <- struct{}{}:
	default:
	}
}

// Used reports work that takes memory.
func (m *Releaser) Used() {
	m.uses.Add(1)
	select {
	case m.used <- struct{}{}:
	default:
	}
}

// CountRequests returns h, which reports each request from now on.
func (m *Releaser) CountRequests(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer m.Used()
		h.ServeHTTP(w, r)
	})
}

// Run releases memory until ctx ends.
func (m *Releaser) Run(ctx context.Context) {
	baseline := m.resident() // after the last release
	for {
		isRound, started := false, false
		select {
		case <-m.startsDone:
			isRound = true
		case <-m.used:
			isRound = m.awaitIdle(ctx, releaseAfterUse, maxIdleUses, m.uses.Load)
		case <-ctx.Done():
		}
		for isRound { // another round may end meanwhile
			started = true
			isRound = m.awaitIdle(ctx, releaseAfterStarts, maxIdleSpawns, m.spawnCount)
		}
		if ctx.Err() != nil {
			return
		}
		if started || m.resident() >= baseline+minRelease {
			m.release()
			baseline = m.resident()
		}
	}
}

// awaitIdle waits until count has risen by few at most in a window, or ctx ends. It
// returns true at once when a round of starts is over.
func (m *Releaser) awaitIdle(ctx context.Context, window time.Duration, few int64, count func() int64) (isRound bool) {
	for {
		before := count()
		select {
		case <-time.After(window):
		case <-m.startsDone:
			return true
		case <-ctx.Done():
			return false
		}
		if count()-before <= few {
			return false
		}
	}
}

// release returns memory to the system that an idle daemon does not need. It takes
// some ten milliseconds of CPU for each thousand programs.
func release() {
	for range 2 { // each run halves the stacks that have grown
		debug.FreeOSMemory()
	}
	dropCodePages()
}
