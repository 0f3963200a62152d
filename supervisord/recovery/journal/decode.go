package journal

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"supervisor/supervisord/process/runs"
)

// decode reads a journal. It leaves out damaged lines. why says in words why data is no
// journal, "" if it is one.
func decode(data []byte) (l *Contents, why string) {
	head, why := findHeader(data)
	if why != "" {
		return nil, why
	}
	r := decoder{contents: &Contents{Header: head.Header}, last: make(map[key]Entry)}
	for n := 1; len(data) > 0; n++ {
		line, rest, whole := bytes.Cut(data, newline)
		if !whole {
			break // it was being written
		}
		r.decodeLine(n, line)
		data = rest
	}
	return r.finish(), ""
}

// findHeader returns the first intact copy of the header. If there is none, why says so;
// the version is then read without its checksum, whose form may have changed too.
func findHeader(data []byte) (head headerLine, why string) {
	first, _, whole := bytes.Cut(data, newline)
	for range 2 * copies { // with the lines between them
		line, rest, isWhole := bytes.Cut(data, newline)
		if isWhole && isIntact(line) && isHeader(line) && json.Unmarshal(lineBody(line), &head) == nil && head.Version >= 1 {
			break
		}
		head, data = headerLine{}, rest
	}
	if head.Version == 0 {
		if err := json.Unmarshal(lineBody(first), &head); !whole || err != nil || head.Version < 1 {
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

// isHeader reports whether a line is a headerLine.
func isHeader(line []byte) bool { return bytes.HasPrefix(lineBody(line), []byte(`{"SupervisorState"`)) }

// decoder is what the lines so far say.
type decoder struct {
	contents   *Contents
	last       map[key]Entry
	runs       map[key][]runs.Run
	batch      batch
	incomplete bool // a line is missing: from there on not everything that happened is recorded
}

// batch is the batch whose lines are being read.
type batch struct {
	number  int
	at      uint64
	missing map[int]bool // numbers of lines
}

// decodeLine adds a line.
func (r *decoder) decodeLine(n int, line []byte) {
	var e entryLine
	switch {
	case !isIntact(line):
		r.noteDamage(n)
		return
	case isHeader(line), string(lineBody(line)) == "{}":
		return
	case json.Unmarshal(lineBody(line), &e) != nil:
		r.noteDamage(n)
		return
	}
	if e.Batch != r.batch.number || e.Batch == 0 && e.At != r.batch.at {
		r.endBatch()
		r.beginBatch(&e)
	}
	delete(r.batch.missing, e.Line)
	r.last[e.key()] = e.Entry
	r.addRuns(&e.Entry)
	r.contents.ShuttingDown = r.contents.ShuttingDown || e.ShuttingDown
}

// addRuns collects the runs of a process, of which most lines have only the last one.
func (r *decoder) addRuns(e *Entry) {
	list := r.runs[e.key()]
	if e.Runs != nil {
		list = e.Runs
	}
	if last := e.LastRun; last != nil && (len(list) == 0 || last.EndedAfter(&list[len(list)-1])) {
		list = append(slices.Clone(list[max(len(list)+1-runs.MaxRuns, 0):]), *last)
	}
	if list == nil {
		return
	}
	if r.runs == nil {
		r.runs = make(map[key][]runs.Run)
	}
	r.runs[e.key()] = list
}

// noteDamage remembers the first line that can't be read. The end of its batch shows
// whether its copy could be read.
func (r *decoder) noteDamage(n int) {
	if r.contents.Damage == "" {
		r.contents.Damage = fmt.Sprintf("is damaged in line %d", n)
	}
}

func (r *decoder) beginBatch(e *entryLine) {
	switch {
	case e.Batch > r.batch.number+1: // a whole batch is missing
		r.incomplete = true
	case e.Batch == 0 && r.contents.Damage != "": // there are no copies
		r.incomplete = true
	}
	r.batch = batch{number: e.Batch, at: e.At, missing: make(map[int]bool, e.Of)}
	for i := range e.Of {
		r.batch.missing[i+1] = true
	}
}

func (r *decoder) endBatch() {
	r.incomplete = r.incomplete || len(r.batch.missing) > 0
	if !r.incomplete {
		r.contents.CompleteUntil = max(r.contents.CompleteUntil, r.batch.at)
	}
}

// finish returns what all lines say.
func (r *decoder) finish() *Contents {
	// The last batch of a journal without numbers may have been cut after any line.
	if r.batch.number > 0 {
		r.endBatch()
	}
	for k, e := range r.last {
		e.Runs = r.runs[k]
		r.contents.Entries = append(r.contents.Entries, e)
	}
	slices.SortFunc(r.contents.Entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Name, b.Name))
	})
	return r.contents
}
