package supervisor

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// waitProbes are the things outside that a process waits for before its start. Each
// is asked again and again until it has answered once. A nil one is none.
type waitProbes struct {
	probes []config.Probe
	cancel context.CancelFunc

	mu       sync.Mutex
	failures []string // what each said last, "" for one that has answered
}

// The time between two questions grows from the first to the last of these.
const (
	minProbePause = 50 * time.Millisecond
	maxProbePause = 2 * time.Second
	probeTimeout  = 5 * time.Second // with one question
)

// startProbes begins to ask, if there is anything to ask.
func (s *Supervisor) startProbes(ctx context.Context, p *process.Process) *waitProbes {
	probes := p.CurrentConfig().WaitFor
	if len(probes) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	o := &waitProbes{probes: probes, failures: make([]string, len(probes))}
	o.cancel = func() {
		cancel()
		s.waitProbes.CompareAndDelete(p, o)
	}
	for i := range probes {
		o.failures[i] = "it has not been asked yet"
		s.wg.Go(func() {
			if s.probeUntilOK(ctx, o, i, p) {
				s.changes.notify()
			}
		})
	}
	s.waitProbes.Store(p, o)
	return o
}

// probeUntilOK returns when the thing has answered, and false if ctx ends before.
func (s *Supervisor) probeUntilOK(ctx context.Context, o *waitProbes, i int, p *process.Process) bool {
	for pause := minProbePause; ; pause = min(pause*3/2, maxProbePause) {
		limit, cancel := context.WithTimeout(ctx, probeTimeout)
		err := s.opts.Check(limit, p, o.probes[i])
		cancel()
		if ctx.Err() != nil {
			return false
		}
		o.mu.Lock()
		o.failures[i] = ""
		if err != nil {
			o.failures[i] = err.Error()
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

// stop gives up asking.
func (o *waitProbes) stop() {
	if o != nil {
		o.cancel()
	}
}

// unmet returns what has not answered yet.
func (o *waitProbes) unmet() []*order.Unmet {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []*order.Unmet
	for i, p := range o.probes {
		if o.failures[i] != "" {
			list = append(list, order.UnmetProbe(p.Text, o.failures[i]))
		}
	}
	return list
}
