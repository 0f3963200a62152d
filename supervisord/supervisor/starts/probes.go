package starts

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// waitProbes are the probes of the things outside that one start waits for. Each is
// repeated until it succeeds once. Nil stands for none.
type waitProbes struct {
	probes []config.Probe
	cancel context.CancelFunc

	mu       sync.Mutex
	failures []string // what each probe failed with last, "" for one that has succeeded
}

// The pause between two probes grows from the first to the last of these.
const (
	minProbePause = 50 * time.Millisecond
	maxProbePause = 2 * time.Second
	probeTimeout  = 5 * time.Second // of one probe
)

// startProbes begins to probe what a process waits for, if there is anything.
func (s *Starts) startProbes(ctx context.Context, p *process.Process) *waitProbes {
	probes := p.CurrentConfig().WaitFor
	if len(probes) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &waitProbes{probes: probes, failures: make([]string, len(probes))}
	w.cancel = func() {
		cancel()
		s.probes.CompareAndDelete(p, w)
	}
	for i := range probes {
		w.failures[i] = "it has not been asked yet"
		s.opts.Go(func() {
			if s.probeUntilOK(ctx, w, i, p) {
				s.changes.notify()
			}
		})
	}
	s.probes.Store(p, w)
	return w
}

// probeUntilOK returns when a probe has succeeded, and false if ctx ends before.
func (s *Starts) probeUntilOK(ctx context.Context, w *waitProbes, i int, p *process.Process) bool {
	for pause := minProbePause; ; pause = min(pause*3/2, maxProbePause) {
		limited, cancel := context.WithTimeout(ctx, probeTimeout)
		err := s.opts.Probe(limited, p, w.probes[i])
		cancel()
		if ctx.Err() != nil {
			return false
		}
		w.record(i, err)
		if err == nil {
			return true
		}
		jitter := time.Duration(rand.Int64N(int64(pause)/5 + 1)) // many processes may wait for the same thing
		select {
		case <-time.After(pause - jitter):
		case <-ctx.Done():
			return false
		}
	}
}

func (w *waitProbes) record(i int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures[i] = ""
	if err != nil {
		w.failures[i] = err.Error()
	}
}

func (w *waitProbes) stop() {
	if w != nil {
		w.cancel()
	}
}

// unmet returns the probes that have not succeeded yet.
func (w *waitProbes) unmet() []*order.Unmet {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []*order.Unmet
	for i, p := range w.probes {
		if w.failures[i] != "" {
			list = append(list, order.UnmetProbe(p.Text, w.failures[i]))
		}
	}
	return list
}
