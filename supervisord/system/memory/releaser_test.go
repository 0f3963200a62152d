package memory

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// memoryTest is a memory whose size the test sets, in a bubble of virtual time.
type memoryTest struct {
	*Releaser
	spawned, size, reads, released atomic.Int64
}

func testMemory(t *testing.T, test func(*memoryTest)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &memoryTest{}
		w.size.Store(4 << 20)
		w.Releaser = NewReleaser(w.spawned.Load)
		w.resident = func() int64 { w.reads.Add(1); return w.size.Load() }
		w.release = func() { w.released.Add(1); w.size.Store(4 << 20) }
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.Run(ctx) }()
		test(w)
		cancel()
		<-ended
	})
}

func (w *memoryTest) expect(t *testing.T, after time.Duration, released int64) {
	t.Helper()
	time.Sleep(after)
	synctest.Wait()
	if got := w.released.Load(); got != released {
		t.Errorf("memory was released %d times, want %d", got, released)
	}
}

// TestMemoryReleasedAfterCalls: memory is released when the calls are over, and not
// before.
func TestMemoryReleasedAfterCalls(t *testing.T) {
	testMemory(t, func(w *memoryTest) {
		call := w.CountRequests(http.NotFoundHandler())
		for range 10_000 {
			call.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/RPC2", nil))
			time.Sleep(10 * time.Millisecond)
		}
		w.size.Store(22 << 20)
		w.expect(t, 0, 0)
		w.expect(t, 2*releaseAfterUse+time.Second, 1)
	})
}

// TestMemoryReleasedAfterStarts: memory is released after a round of starts, however
// little it is.
func TestMemoryReleasedAfterStarts(t *testing.T) {
	testMemory(t, func(w *memoryTest) {
		w.StartsDone()
		time.Sleep(releaseAfterStarts / 2)
		w.spawned.Add(1000)
		w.expect(t, releaseAfterStarts, 0)
		w.expect(t, releaseAfterStarts, 1)
	})
}

// TestStartsDoNotWaitForCalls: calls do not delay the release after a round of starts.
func TestStartsDoNotWaitForCalls(t *testing.T) {
	testMemory(t, func(w *memoryTest) {
		w.Used()
		time.Sleep(releaseAfterUse / 2)
		w.StartsDone()
		w.expect(t, releaseAfterStarts+time.Millisecond, 1)
	})
}

// TestIdleDaemonHasNoTimer: there is no timer before the first work, and none some
// time after the last. A client that polls costs one measurement each time.
func TestIdleDaemonHasNoTimer(t *testing.T) {
	testMemory(t, func(w *memoryTest) {
		w.expect(t, time.Hour, 0)
		if n := w.reads.Load(); n != 1 {
			t.Errorf("%d measurements without any work", n)
		}
		w.Used()
		w.size.Add(minRelease / 2)
		w.expect(t, time.Hour, 0)
		reads := w.reads.Load()
		if reads > 3 {
			t.Errorf("%d measurements after one call", reads)
		}
		w.expect(t, 24*time.Hour, 0)
		if n := w.reads.Load() - reads; n != 0 {
			t.Errorf("%d measurements in an idle day", n)
		}
	})
}
