package journal

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Keeper writes what has changed. P is what a process is to the one who knows it.
type Keeper[P comparable] struct {
	journal journal
	look    func(P) (Entry, bool)
	report  func(error)
	leaving func() bool

	mu      sync.Mutex
	changed map[P]bool // since the last writing
	known   map[P]bool // all that was ever reported and is not over
	news    chan struct{}
}

// NewKeeper returns a keeper of the record at path. What look returns is
// written; it tells whether there is something to write. report is told of each
// failure that follows a success, from the goroutine of Run. leaving tells
// whether the daemon is about to end.
func NewKeeper[P comparable](path string, head Head, look func(P) (Entry, bool), leaving func() bool, report func(error)) *Keeper[P] {
	return &Keeper[P]{
		journal: journal{path: path, head: head}, look: look, leaving: leaving, report: report,
		changed: make(map[P]bool), known: make(map[P]bool), news: make(chan struct{}, 1),
	}
}

// Changed has a process recorded soon. It never blocks: look, which may ask the
// kernel, and the disk are left to Run.
func (k *Keeper[P]) Changed(p P) {
	k.mu.Lock()
	k.changed[p], k.known[p] = true, true
	k.mu.Unlock()
	select {
	case k.news <- struct{}{}:
	default: // it will be written anyway
	}
}

// again is the time between two attempts when there is something wrong with
// the disk.
const again = time.Second

// Run writes until ctx ends.
func (k *Keeper[P]) Run(ctx context.Context) {
	defer k.journal.close()
	failed := false
	for {
		select {
		case <-k.news:
		case <-ctx.Done():
			return
		}
		err := k.write()
		if err == nil {
			failed = false
			continue
		}
		if !failed {
			k.report(err)
		}
		failed = true
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return
		}
		select {
		case k.news <- struct{}{}:
		default:
		}
	}
}

// write records what has changed, or everything when the last attempt has
// failed, the journal has become long, or something has happened to its file. The
// time is taken first: whoever is born later counts as unrecorded.
func (k *Keeper[P]) write() error {
	at, anew := Time{Now(), k.leaving()}, k.journal.isDue()
	wanted := k.take(anew)
	entries := make([]Entry, 0, len(wanted))
	for _, p := range wanted {
		if e, ok := k.look(p); ok {
			entries = append(entries, e)
		} else {
			k.forget(p)
		}
	}
	if anew {
		return k.journal.replace(at, entries)
	}
	return k.journal.add(at, entries)
}

// take returns what has changed, or all that is known. What changes from now on is
// for the next writing.
func (k *Keeper[P]) take(all bool) []P {
	k.mu.Lock()
	defer k.mu.Unlock()
	wanted := k.changed
	if all {
		wanted = k.known
	}
	list := slices.Collect(maps.Keys(wanted))
	clear(k.changed)
	return list
}

// forget drops what is over, unless there is news of it that has not been looked
// at.
func (k *Keeper[P]) forget(p P) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.changed[p] {
		delete(k.known, p)
	}
}
