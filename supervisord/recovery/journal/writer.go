package journal

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"supervisor/supervisord/system/boottime"
)

// Writer writes what has changed. P is what a process is to the one who knows it.
type Writer[P comparable] struct {
	journal      journalFile
	entryOf      func(P) (Entry, bool)
	report       func(error)
	shuttingDown func() bool

	mu      sync.Mutex
	changed map[P]bool // since the last writing
	known   map[P]bool // all that was ever reported and is not over
	dirty   chan struct{}
}

// NewWriter returns a keeper of the record at path. What look returns is
// written; it tells whether there is something to write. report is told of each
// failure that follows a success, from the goroutine of Run. leaving tells
// whether the daemon is about to end.
func NewWriter[P comparable](path string, head Header, entryOf func(P) (Entry, bool), shuttingDown func() bool, report func(error)) *Writer[P] {
	return &Writer[P]{
		journal: journalFile{path: path, head: head}, entryOf: entryOf, shuttingDown: shuttingDown, report: report,
		changed: make(map[P]bool), known: make(map[P]bool), dirty: make(chan struct{}, 1),
	}
}

// Changed has a process recorded soon. It never blocks: look, which may ask the
// kernel, and the disk are left to Run.
func (k *Writer[P]) Changed(p P) {
	k.mu.Lock()
	k.changed[p], k.known[p] = true, true
	k.mu.Unlock()
	select {
	case k.dirty <- struct{}{}:
	default: // it will be written anyway
	}
}

// retryInterval is the time between two attempts when there is something wrong with
// the disk.
const retryInterval = time.Second

// Run writes until ctx ends.
func (k *Writer[P]) Run(ctx context.Context) {
	defer k.journal.close()
	failed := false
	for {
		select {
		case <-k.dirty:
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
		case <-time.After(retryInterval):
		case <-ctx.Done():
			return
		}
		select {
		case k.dirty <- struct{}{}:
		default:
		}
	}
}

// write records what has changed, or everything when the last attempt has
// failed, the journal has become long, or something has happened to its file. The
// time is taken first: whoever is born later counts as unrecorded.
func (k *Writer[P]) write() error {
	at, rewrite := BatchInfo{boottime.NowTicks(), k.shuttingDown()}, k.journal.needsRewrite()
	wanted := k.takeChanged(rewrite)
	entries := make([]Entry, 0, len(wanted))
	for _, p := range wanted {
		if e, ok := k.entryOf(p); ok {
			entries = append(entries, e)
		} else {
			k.forget(p)
		}
	}
	if rewrite {
		return k.journal.rewrite(at, entries)
	}
	return k.journal.add(at, entries)
}

// takeChanged returns what has changed, or all that is known. What changes from now on is
// for the next writing.
func (k *Writer[P]) takeChanged(all bool) []P {
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
func (k *Writer[P]) forget(p P) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.changed[p] {
		delete(k.known, p)
	}
}
