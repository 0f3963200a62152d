package journal

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"supervisor/supervisord/system/procfs"
)

// Writer writes what has changed. P identifies a subject of the journal to the caller.
type Writer[P comparable] struct {
	journal      journalFile
	entryOf      func(p P, complete bool) (Entry, bool)
	report       func(error)
	shuttingDown func() bool

	mu      sync.Mutex
	changed map[P]bool // since the last write
	known   map[P]bool // everything that was reported and is not over
	dirty   chan struct{}
}

// NewWriter returns a Writer of the journal at path. entryOf returns what is written of a
// subject, and false if that is over and to be forgotten; complete asks for what earlier
// lines say, too. shuttingDown reports whether the
// daemon is about to end. report is called with the first error after a success. Run calls
// all three.
func NewWriter[P comparable](path string, head Header, entryOf func(p P, complete bool) (Entry, bool), shuttingDown func() bool, report func(error)) *Writer[P] {
	return &Writer[P]{
		journal: journalFile{path: path, head: head}, entryOf: entryOf, shuttingDown: shuttingDown, report: report,
		changed: make(map[P]bool), known: make(map[P]bool), dirty: make(chan struct{}, 1),
	}
}

// Changed has a subject written soon. It never blocks: Run calls entryOf, which may ask
// the kernel, and writes to the disk.
func (w *Writer[P]) Changed(p P) {
	w.mu.Lock()
	w.changed[p], w.known[p] = true, true
	w.mu.Unlock()
	select {
	case w.dirty <- struct{}{}:
	default: // it will be written anyway
	}
}

// retryInterval is the time between two attempts to write after an error.
const retryInterval = time.Second

// Run writes until ctx ends.
func (w *Writer[P]) Run(ctx context.Context) {
	defer w.journal.close()
	failed := false
	for {
		select {
		case <-w.dirty:
		case <-ctx.Done():
			return
		}
		err := w.write()
		if err == nil {
			failed = false
			continue
		}
		if !failed {
			w.report(err)
		}
		failed = true
		select {
		case <-time.After(retryInterval):
		case <-ctx.Done():
			return
		}
		select {
		case w.dirty <- struct{}{}:
		default:
		}
	}
}

// write writes what has changed, or everything if the last attempt failed, the journal has
// become long, or its file is not in its place. The time is taken first: children that are
// spawned later count as unrecorded.
func (w *Writer[P]) write() error {
	at, rewrite := BatchInfo{procfs.BootTicks(), w.shuttingDown()}, w.journal.needsRewrite()
	wanted := w.takeChanged(rewrite)
	entries := make([]Entry, 0, len(wanted))
	for _, p := range wanted {
		if e, ok := w.entryOf(p, rewrite); ok {
			entries = append(entries, e)
		} else {
			w.forget(p)
		}
	}
	if rewrite {
		return w.journal.rewrite(at, entries)
	}
	return w.journal.add(at, entries)
}

// takeChanged returns what has changed, or everything that is known. What changes from now
// on is written the next time.
func (w *Writer[P]) takeChanged(all bool) []P {
	w.mu.Lock()
	defer w.mu.Unlock()
	wanted := w.changed
	if all {
		wanted = w.known
	}
	list := slices.Collect(maps.Keys(wanted))
	clear(w.changed)
	return list
}

// forget drops a subject that is over, unless it has changed again.
func (w *Writer[P]) forget(p P) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.changed[p] {
		delete(w.known, p)
	}
}
