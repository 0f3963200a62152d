package journal

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// decode reads a journal. It leaves out lines that are damaged. It says in words
// why data is no record at all.
func decode(data []byte) (l *Ledger, why string) {
	head, why := findHead(data)
	if why != "" {
		return nil, why
	}
	r := reading{ledger: &Ledger{Head: head.Head}, last: make(map[key]Entry)}
	for n := 1; len(data) > 0; n++ {
		line, rest, whole := bytes.Cut(data, newline)
		if !whole {
			break // it was being written
		}
		r.line(n, line)
		data = rest
	}
	return r.end(), ""
}

// findHead returns the first copy of the head that is sound. If there is none it
// tells why; the version is looked at without regard to the checksum then, of
// which the form may have changed too.
func findHead(data []byte) (head headLine, why string) {
	first, _, whole := bytes.Cut(data, newline)
	for range 2 * copies { // with the lines between them
		line, rest, isWhole := bytes.Cut(data, newline)
		if isWhole && isSound(line) && isHead(line) && json.Unmarshal(body(line), &head) == nil && head.Version >= 1 {
			break
		}
		head, data = headLine{}, rest
	}
	if head.Version == 0 {
		if err := json.Unmarshal(body(first), &head); !whole || err != nil || head.Version < 1 {
			return head, "is damaged, or no state file"
		}
		if head.Version <= Version {
			return head, "is damaged in line 1"
		}
	}
	if head.Version > Version {
		return head, fmt.Sprintf("is of a newer supervisord: its form is %d, not %d", head.Version, Version)
	}
	return head, ""
}

// isHead reports whether a line is a headLine.
func isHead(line []byte) bool { return bytes.HasPrefix(body(line), []byte(`{"SupervisorState"`)) }

// reading is what the lines so far have told.
type reading struct {
	ledger *Ledger
	last   map[key]Entry
	batch  batch
	// broken tells that a line is missing, so that what had happened is not all
	// recorded any more.
	broken bool
}

// batch is a batch of which lines are being read.
type batch struct {
	number  int
	at      uint64
	missing map[int]bool // numbers of lines
}

// line takes note of a line.
func (r *reading) line(n int, line []byte) {
	var e entryLine
	switch {
	case !isSound(line):
		r.damaged(n)
		return
	case isHead(line), string(body(line)) == "{}":
		return
	case json.Unmarshal(body(line), &e) != nil:
		r.damaged(n)
		return
	}
	if e.Batch != r.batch.number || e.Batch == 0 && e.At != r.batch.at {
		r.endBatch()
		r.beginBatch(&e)
	}
	delete(r.batch.missing, e.Line)
	r.last[e.key()] = e.Entry
	r.ledger.Leaving = r.ledger.Leaving || e.Leaving
}

// damaged takes note of a line that can't be read. Whether its copy stands in for
// it shows at the end of its batch.
func (r *reading) damaged(n int) {
	if r.ledger.Damage == "" {
		r.ledger.Damage = fmt.Sprintf("is damaged in line %d", n)
	}
}

func (r *reading) beginBatch(e *entryLine) {
	switch {
	case e.Batch > r.batch.number+1: // one is missing as a whole
		r.broken = true
	case e.Batch == 0 && r.ledger.Damage != "": // there are no copies
		r.broken = true
	}
	r.batch = batch{number: e.Batch, at: e.At, missing: make(map[int]bool, e.Of)}
	for i := range e.Of {
		r.batch.missing[i+1] = true
	}
}

func (r *reading) endBatch() {
	r.broken = r.broken || len(r.batch.missing) > 0
	if !r.broken {
		r.ledger.Taken = max(r.ledger.Taken, r.batch.at)
	}
}

// end returns what all lines have told.
func (r *reading) end() *Ledger {
	// The last batch of a journal without numbers may have been cut at the end of
	// any line.
	if r.batch.number > 0 {
		r.endBatch()
	}
	for _, e := range r.last {
		r.ledger.Entries = append(r.ledger.Entries, e)
	}
	slices.SortFunc(r.ledger.Entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name))
	})
	return r.ledger
}
