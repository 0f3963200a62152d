package supervisord

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// memoryWorld is a memory whose size the test sets, in a bubble of virtual time.
type memoryWorld struct {
	*memory
	born, size, looks, gave atomic.Int64
}

func withMemory(t *testing.T, test func(*memoryWorld)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &memoryWorld{}
		w.size.Store(4 << 20)
		w.memory = newMemory(w.born.Load)
		w.resident = func() int64 { w.looks.Add(1); return w.size.Load() }
		w.giveBack = func() { w.gave.Add(1); w.size.Store(4 << 20) }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.run(ctx) }()
		test(w)
		cancel()
		<-ended
	})
}

func (w *memoryWorld) expect(t *testing.T, after time.Duration, gave int64) {
	t.Helper()
	time.Sleep(after)
	synctest.Wait()
	if got := w.gave.Load(); got != gave {
		t.Errorf("memory was given back %d times, want %d", got, gave)
	}
}

// TestMemoryIsGivenBackAfterABurst of calls, once they are over, and not before.
func TestMemoryIsGivenBackAfterABurst(t *testing.T) {
	withMemory(t, func(w *memoryWorld) {
		call := w.whileServing(http.NotFoundHandler())
		for range 10_000 {
			call.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/RPC2", nil))
			time.Sleep(10 * time.Millisecond)
		}
		w.size.Store(22 << 20)
		w.expect(t, 0, 0)
		w.expect(t, 2*calmAfterUse+time.Second, 1)
	})
}

// TestMemoryIsGivenBackAfterStarts, however little it is.
func TestMemoryIsGivenBackAfterStarts(t *testing.T) {
	withMemory(t, func(w *memoryWorld) {
		w.startsAreOver()
		time.Sleep(calmAfterStarts / 2)
		w.born.Add(1000)
		w.expect(t, calmAfterStarts, 0)
		w.expect(t, calmAfterStarts, 1)
	})
}

// TestStartsDoNotWaitForCalls to be over: what they took is given back as soon as ever.
func TestStartsDoNotWaitForCalls(t *testing.T) {
	withMemory(t, func(w *memoryWorld) {
		w.isUsed()
		time.Sleep(calmAfterUse / 2)
		w.startsAreOver()
		w.expect(t, calmAfterStarts+time.Millisecond, 1)
	})
}

// TestAnIdleDaemonIsNotWoken: neither when nothing has ever been done, nor after
// something has been. A client that looks now and then costs a look each time.
func TestAnIdleDaemonIsNotWoken(t *testing.T) {
	withMemory(t, func(w *memoryWorld) {
		w.expect(t, time.Hour, 0)
		if n := w.looks.Load(); n != 1 {
			t.Errorf("%d looks at the memory without any use of it", n)
		}
		w.isUsed()
		w.size.Add(worthGivingBack / 2)
		w.expect(t, time.Hour, 0)
		looks := w.looks.Load()
		if looks > 3 {
			t.Errorf("%d looks after one call", looks)
		}
		w.expect(t, 24*time.Hour, 0)
		if n := w.looks.Load() - looks; n != 0 {
			t.Errorf("%d looks in a day of idleness", n)
		}
	})
}
