package journal

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/tools/testkit"
)

func notShuttingDown() bool { return false }

// TestConcurrentChangesAreWritten: changes may be reported at the same time.
func TestConcurrentChangesAreWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.state")
		var written [8]atomic.Int64
		k := NewWriter(path, testHeader, func(i int, _ bool) (Entry, bool) {
			return entryOf("", string(rune('a'+i)), states.Process(written[i].Load())), true
		}, notShuttingDown, func(err error) { t.Error(err) })
		ctx, cancel := context.WithCancel(t.Context())
		var running, reporting sync.WaitGroup
		running.Go(func() { k.Run(ctx) })
		for i := range written {
			reporting.Go(func() {
				for n := range 100 {
					written[i].Store(int64(n))
					k.Changed(i)
				}
			})
		}
		reporting.Wait()
		synctest.Wait()
		l := mustRead(t, path)
		if len(l.Entries) != len(written) {
			t.Errorf("%d entries", len(l.Entries))
		}
		for _, e := range l.Entries {
			if e.Status.State != 99 {
				t.Errorf("%s is recorded as %d", e.Name, e.Status.State)
			}
		}
		cancel()
		running.Wait()
	})
}

// TestChangedNeverBlocks: Changed does not wait for entryOf, and what is reported
// meanwhile is not lost.
func TestChangedNeverBlocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.state")
	lookups, proceed := make(chan string), make(chan struct{})
	k := NewWriter(path, testHeader, func(name string, _ bool) (Entry, bool) {
		lookups <- name
		<-proceed
		return entryOf("", name, states.Stopped), name != "gone"
	}, notShuttingDown, func(err error) { t.Error(err) })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { k.Run(ctx) })
	k.Changed("gone")
	<-lookups
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		k.Changed("gone")
		k.Changed("next")
	}()
	select {
	case <-reported:
	case <-time.After(testkit.Timeout):
		t.Fatal("Changed waits for entryOf")
	}
	proceed <- struct{}{}
	again := map[string]bool{}
	for range 2 {
		again[<-lookups] = true
		proceed <- struct{}{}
	}
	if !again["gone"] || !again["next"] {
		t.Errorf("written again: %v", again)
	}
	cancel()
	running.Wait()
	if len(k.known) != 1 {
		t.Errorf("%d are known", len(k.known))
	}
}

func TestWriteErrorIsReportedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "late")
		var reports []error
		k := NewWriter(filepath.Join(dir, "x.state"), testHeader, func(string, bool) (Entry, bool) { return sampleEntries()[0], true }, notShuttingDown,
			func(err error) { reports = append(reports, err) })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { k.Run(ctx) })
		k.Changed("a")
		time.Sleep(10*retryInterval + retryInterval/2)
		synctest.Wait()
		if len(reports) != 1 || !errors.Is(reports[0], fs.ErrNotExist) {
			t.Errorf("reports: %v", reports)
		}
		mkdir(t, dir)
		time.Sleep(retryInterval)
		synctest.Wait()
		if l := mustRead(t, k.journal.path); len(l.Entries) != 1 {
			t.Errorf("got %+v", l)
		}
		cancel()
		running.Wait()
	})
}
