package health

import "sync"

// callQueue holds calls to a process, in order. The owner of the process may be busy,
// so a goroutine makes them; it runs only while there are calls.
type callQueue struct {
	mu      sync.Mutex
	queue   []func()
	last    func() // called after the queue, nil for none
	running bool
}

// enqueue queues a call of f.
func (s *watchedProcess) enqueue(f func()) {
	s.addCall(func(e *callQueue) { e.queue = append(e.queue, f) })
}

// enqueueLast queues a call of f after all others. It replaces an earlier one that was
// not made yet: a child that reports often delays nothing, and its last report
// counts.
func (s *watchedProcess) enqueueLast(f func()) {
	s.addCall(func(e *callQueue) { e.last = f })
}

func (s *watchedProcess) addCall(add func(*callQueue)) {
	e := &s.calls
	e.mu.Lock()
	defer e.mu.Unlock()
	add(e)
	if !e.running {
		e.running = true
		s.m.workers.Go(e.run)
	}
}

func (e *callQueue) run() {
	for f := e.next(); f != nil; f = e.next() {
		f()
	}
}

// next returns the next call, nil for none; then run ends.
func (e *callQueue) next() (f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case len(e.queue) > 0:
		f, e.queue = e.queue[0], e.queue[1:]
	case e.last != nil:
		f, e.last = e.last, nil
	default:
		e.running = false
	}
	return f
}
