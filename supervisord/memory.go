package supervisord

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/system/daemon"
)

// memory returns memory to the system after a burst of work: a round of starts, many
// restarts or many calls. What the garbage collector would keep for the next burst, and
// the pages of the binary that only a burst needs, are several times what an idle
// daemon has. While nothing happens there is no timer.
type memory struct {
	births   func() int64
	resident func() int64 // bytes, 0 where it is not known
	giveBack func()

	rounds chan struct{} // a round of starts is over
	used   chan struct{} // something has been done since run last looked
	uses   atomic.Int64
}

const (
	// calmAfterStarts is how long after a round of starts the memory that it took is
	// given back: by then the processes do what they do most of their lives, nothing.
	// If there are more than fewBirths in that time, what would be given back would
	// soon be taken again.
	calmAfterStarts = time.Second
	fewBirths       = 10
	// calmAfterUse is the same for calls and restarts, of which there are no more than
	// fewUses in that time.
	calmAfterUse = 10 * time.Second
	fewUses      = 50
	// worthGivingBack is how much there must be to give back after those. A client that
	// looks now and then does not need as much, so that no memory is given back for it
	// that it takes again the next time.
	worthGivingBack = 7 << 20
)

func newMemory(births func() int64) *memory {
	return &memory{
		births: births, resident: daemon.Resident, giveBack: daemon.GiveBack,
		rounds: make(chan struct{}, 1), used: make(chan struct{}, 1),
	}
}

// startsAreOver is called after each round of starts. It never blocks.
func (m *memory) startsAreOver() {
	select {
	case m.rounds <- struct{}{}:
	default:
	}
}

// isUsed is called whenever something is done that takes memory. It never blocks.
func (m *memory) isUsed() {
	m.uses.Add(1)
	select {
	case m.used <- struct{}{}:
	default:
	}
}

// whileServing takes note of each request.
func (m *memory) whileServing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer m.isUsed()
		h.ServeHTTP(w, r)
	})
}

// whileServingPages is whileServing for the pages of each server.
func (m *memory) whileServingPages(pages func(config.Server) http.Handler) func(config.Server) http.Handler {
	return func(c config.Server) http.Handler { return m.whileServing(pages(c)) }
}

// run gives back until ctx ends.
func (m *memory) run(ctx context.Context) {
	least := m.resident() // that there was after something had been given back
	for {
		isRound, started := false, false
		select {
		case <-m.rounds:
			isRound = true
		case <-m.used:
			isRound = m.awaitCalm(ctx, calmAfterUse, fewUses, m.uses.Load)
		case <-ctx.Done():
		}
		for isRound { // another one that ends meanwhile is one with it
			started = true
			isRound = m.awaitCalm(ctx, calmAfterStarts, fewBirths, m.births)
		}
		if ctx.Err() != nil {
			return
		}
		if started || m.resident() >= least+worthGivingBack {
			m.giveBack()
			least = m.resident()
		}
	}
}

// awaitCalm waits until few things have been counted in a while, or ctx ends. It
// returns true at once when a round of starts is over.
func (m *memory) awaitCalm(ctx context.Context, while time.Duration, few int64, count func() int64) (isRound bool) {
	for {
		before := count()
		select {
		case <-time.After(while):
		case <-m.rounds:
			return true
		case <-ctx.Done():
			return false
		}
		if count()-before <= few {
			return false
		}
	}
}
