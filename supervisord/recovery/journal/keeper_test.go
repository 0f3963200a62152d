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

	"supervisor/supervisord/tools/testkit"
)

func staying() bool { return false }

// TestTheLastChangeIsWritten: many may report changes at once.
func TestTheLastChangeIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.state")
		var states [8]atomic.Int64
		k := NewKeeper(path, head, func(i int) (Entry, bool) {
			return Entry{Name: string(rune('a' + i)), State: int(states[i].Load())}, true
		}, staying, func(err error) { t.Error(err) })
		ctx, cancel := context.WithCancel(t.Context())
		var running, reporting sync.WaitGroup
		running.Go(func() { k.Run(ctx) })
		for i := range states {
			reporting.Go(func() {
				for n := range 100 {
					states[i].Store(int64(n))
					k.Changed(i)
				}
			})
		}
		reporting.Wait()
		synctest.Wait()
		l := mustRead(t, path)
		if len(l.Entries) != len(states) {
			t.Errorf("%d entries", len(l.Entries))
		}
		for _, e := range l.Entries {
			if e.State != 99 {
				t.Errorf("%s is recorded as %d", e.Name, e.State)
			}
		}
		cancel()
		running.Wait()
	})
}

// TestWhoReportsAChangeNeverWaits for the look at another, which may take long, and
// what is reported meanwhile is not lost.
func TestWhoReportsAChangeNeverWaits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.state")
	looking, goOn := make(chan string), make(chan struct{})
	k := NewKeeper(path, head, func(name string) (Entry, bool) {
		looking <- name
		<-goOn
		return Entry{Name: name}, name != "gone"
	}, staying, func(err error) { t.Error(err) })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { k.Run(ctx) })
	k.Changed("gone")
	<-looking
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		k.Changed("gone")
		k.Changed("next")
	}()
	select {
	case <-reported:
	case <-time.After(testkit.Patience):
		t.Fatal("a report waits for the look at another")
	}
	goOn <- struct{}{}
	again := map[string]bool{}
	for range 2 {
		again[<-looking] = true
		goOn <- struct{}{}
	}
	if !again["gone"] || !again["next"] {
		t.Errorf("looked at afterwards: %v", again)
	}
	cancel()
	running.Wait()
	if len(k.known) != 1 {
		t.Errorf("%d are known", len(k.known))
	}
}

func TestTroubleIsReportedOnceAndOvercome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "late")
		var reports []error
		k := NewKeeper(filepath.Join(dir, "x.state"), head, func(string) (Entry, bool) { return sample()[0], true }, staying,
			func(err error) { reports = append(reports, err) })
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { k.Run(ctx) })
		k.Changed("a")
		time.Sleep(10*again + again/2)
		synctest.Wait()
		if len(reports) != 1 || !errors.Is(reports[0], fs.ErrNotExist) {
			t.Errorf("reports: %v", reports)
		}
		mkdir(t, dir)
		time.Sleep(again)
		synctest.Wait()
		if l := mustRead(t, k.journal.path); len(l.Entries) != 1 {
			t.Errorf("got %+v", l)
		}
		cancel()
		running.Wait()
	})
}

// A time keeps its age, and what the clock on the wall says of it unless that
// has been set.
func TestMoment(t *testing.T) {
	t.Parallel()
	if m := NewMoment(time.Time{}); m != (Moment{}) || !m.Time().IsZero() {
		t.Errorf("the zero time becomes %v, %v", m, m.Time())
	}
	const exact = time.Millisecond
	when := time.Now().Add(-time.Hour)
	m := NewMoment(when)
	if off := m.Time().Sub(when).Abs(); off > exact || m.Time().UnixNano() != when.UnixNano() {
		t.Errorf("off by %s, by the wall %d", off, m.Time().UnixNano()-when.UnixNano())
	}
	m.Wall += int64(3 * time.Hour)
	if off := m.Time().Sub(when).Abs(); off > exact {
		t.Errorf("with a clock that was set: off by %s", off)
	}
}
