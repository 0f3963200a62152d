package supervisord

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/system/daemon"
)

// memoryReleaser returns memory to the system after a burst of work: a round of starts, many
// restarts or many calls. What the garbage collector would keep for the next burst, and
// the pages of the binary that only a burst needs, are several times what an idle
// daemon has. While nothing happens there is no timer.
type memoryReleaser struct {
	spawnCount func() int64
	resident   func() int64 // bytes, 0 where it is not known
	release    func()

	startsDone chan struct{} // a round of starts is over
	used       chan struct{} // something has been done since run last looked
	uses       atomic.Int64
}

const (
	// releaseAfterStarts is how long after a round of starts the memory that it took is
	// given back: by then the processes do what they do most of their lives, nothing.
	// If there are more than fewBirths in that time, what would be given back would
	// soon be taken again.
	releaseAfterStarts = time.Second
	maxIdleSpawns      = 10
	// releaseAfterUse is the same for calls and restarts, of which there are no more than
	// fewUses in that time.
	releaseAfterUse = 10 * time.Second
	maxIdleUses     = 50
	// minRelease is how much there must be to give back after those. A client that
	// looks now and then does not need as much, so that no memory is given back for it
	// that it takes again the next time.
	minRelease = 7 << 20
)

func newMemoryReleaser(spawnCount func() int64) *memoryReleaser {
	return &memoryReleaser{
		spawnCount: spawnCount, resident: daemon.ResidentMemory, release: daemon.ReleaseMemory,
		startsDone: make(chan struct{}, 1), used: make(chan struct{}, 1),
	}
}

// noteStartsDone is called after each round of starts. It never blocks.
func (m *memoryReleaser) noteStartsDone() {
	select {
	case m.startsDone <- struct{}{}:
	default:
	}
}

// noteUse is called whenever something is done that takes memory. It never blocks.
func (m *memoryReleaser) noteUse() {
	m.uses.Add(1)
	select {
	case m.used <- struct{}{}:
	default:
	}
}

// countRequests takes note of each request.
func (m *memoryReleaser) countRequests(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer m.noteUse()
		h.ServeHTTP(w, r)
	})
}

// countPageRequests is whileServing for the pages of each server.
func (m *memoryReleaser) countPageRequests(pages func(config.Server) http.Handler) func(config.Server) http.Handler {
	return func(c config.Server) http.Handler { return m.countRequests(pages(c)) }
}

// run gives back until ctx ends.
func (m *memoryReleaser) run(ctx context.Context) {
	baseline := m.resident() // that there was after something had been given back
	for {
		isRound, started := false, false
		select {
		case <-m.startsDone:
			isRound = true
		case <-m.used:
			isRound = m.awaitIdle(ctx, releaseAfterUse, maxIdleUses, m.uses.Load)
		case <-ctx.Done():
		}
		for isRound { // another one that ends meanwhile is one with it
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

// awaitIdle waits until few things have been counted in a while, or ctx ends. It
// returns true at once when a round of starts is over.
func (m *memoryReleaser) awaitIdle(ctx context.Context, window time.Duration, few int64, count func() int64) (isRound bool) {
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
