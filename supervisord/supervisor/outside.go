package supervisor

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// outside are the things outside that a process waits for before its start. Each
// is asked again and again until it has answered once. A nil one is none.
type outside struct {
	probes []config.Probe
	end_   context.CancelFunc

	mu   sync.Mutex
	told []string // what each said last, "" for one that has answered
}

// The time between two questions grows from the first to the last of these.
const (
	shortestPause = 50 * time.Millisecond
	longestPause  = 2 * time.Second
	askPatience   = 5 * time.Second // with one question
)

// lookOutside begins to ask, if there is anything to ask.
func (s *Supervisor) lookOutside(ctx context.Context, p *process.Process) *outside {
	probes := p.Current().WaitFor
	if len(probes) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	o := &outside{probes: probes, told: make([]string, len(probes))}
	o.end_ = func() {
		cancel()
		s.outsides.CompareAndDelete(p, o)
	}
	for i := range probes {
		o.told[i] = "it has not been asked yet"
		s.living.Go(func() {
			if s.ask(ctx, o, i, p) {
				s.news.ring()
			}
		})
	}
	s.outsides.Store(p, o)
	return o
}

// ask returns when the thing has answered, and false if ctx ends before.
func (s *Supervisor) ask(ctx context.Context, o *outside, i int, p *process.Process) bool {
	for pause := shortestPause; ; pause = min(pause*3/2, longestPause) {
		limit, cancel := context.WithTimeout(ctx, askPatience)
		err := s.Check(limit, p, o.probes[i])
		cancel()
		if ctx.Err() != nil {
			return false
		}
		o.mu.Lock()
		o.told[i] = ""
		if err != nil {
			o.told[i] = err.Error()
		}
		o.mu.Unlock()
		if err == nil {
			return true
		}
		jitter := time.Duration(rand.Int64N(int64(pause)/5 + 1)) // many that wait for one must not ask at once
		select {
		case <-time.After(pause - jitter):
		case <-ctx.Done():
			return false
		}
	}
}

// end gives up asking.
func (o *outside) end() {
	if o != nil {
		o.end_()
	}
}

// lacks returns what has not answered yet.
func (o *outside) lacks() []*lack {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []*lack
	for i, p := range o.probes {
		if o.told[i] != "" {
			list = append(list, &lack{what: p.Text, where: o.told[i], overdue: p.Text + " was not there", hard: true})
		}
	}
	return list
}
