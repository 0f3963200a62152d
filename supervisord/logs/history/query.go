package history

import (
	"bytes"
	"regexp"
	"slices"
	"time"

	"supervisor/supervisord/logs/timestamp"
)

// Query selects lines of a log.
type Query struct {
	Lines int // only the last ones, 0 for no limit
	// Since and Until are the times between which a line was written, zero for no
	// limit.
	Since, Until time.Time
	Match        *regexp.Regexp // nil for all lines
	MaxBytes     int            // of text; older lines are left out then. 0 for 1 MiB
	// WholeLines leaves out the last line as long as it has no end. [Next] returns it
	// later.
	WholeLines bool
}

// Result is the answer to a query.
type Result struct {
	Text []byte // whole lines, and the last one so far; oldest first
	Next Cursor // where to go on with [Next]
	Cut  bool   // older lines were left out because of MaxBytes
	// Undated reports that lines without a time were found where a time was asked
	// for: they are in the text if Since and Until do not exclude them by the lines
	// around.
	Undated bool
}

const defaultMaxBytes = 1 << 20

// Read answers a query. It reads backwards from the end of the log, through its
// rotated files, and no further than necessary.
func Read(path string, q Query) (Result, error) {
	files, err := open(path)
	if err != nil {
		return Result{}, err
	}
	defer closeAll(files)
	if q.MaxBytes <= 0 {
		q.MaxBytes = defaultMaxBytes
	}
	s := selection{q: q}
	s.result.Next = Cursor{files[0].id, files[0].size}
	for i, f := range files {
		if s.done || s.isAfter(f) {
			continue
		}
		if err := s.readFile(f, i == 0); err != nil {
			return Result{}, err
		}
	}
	s.flush(time.Time{}, false)
	slices.Reverse(s.lines)
	s.result.Text = bytes.Join(s.lines, nil)
	return s.result, nil
}

// selection collects the lines that a query selects, the newest first.
type selection struct {
	q      Query
	result Result
	lines  [][]byte
	bytes  int
	done   bool

	// pending are lines without a time, whose time is that of the line before them.
	pending [][]byte
}

// hasPeriod reports whether the query asks for times.
func (s *selection) hasPeriod() bool { return !s.q.Since.IsZero() || !s.q.Until.IsZero() }

// isAfter reports whether a whole file is newer than the period that is asked for.
func (s *selection) isAfter(f *file) bool {
	if s.q.Until.IsZero() || len(s.pending) > 0 {
		return false
	}
	first := make([]byte, 512)
	n, _ := f.ReadAt(first, 0)
	at, ok := timestamp.Parse(first[:n], time.Now())
	return ok && at.After(s.q.Until)
}

func (s *selection) readFile(f *file, newest bool) error {
	b := backward{file: f, end: f.size}
	for isLast := newest; !s.done; isLast = false {
		line, err := b.line()
		if err != nil || line == nil {
			return err
		}
		if isLast && s.q.WholeLines && line[len(line)-1] != '\n' {
			s.result.Next.Offset -= int64(len(line))
			continue
		}
		s.add(line)
	}
	return nil
}

// add takes the line before those that were added so far.
func (s *selection) add(line []byte) {
	if !s.hasPeriod() {
		s.take(line)
		return
	}
	at, ok := timestamp.Parse(line, time.Now())
	s.pending = append(s.pending, line)
	if ok {
		s.flush(at, true)
	} else if len(s.pending) > maxUndated {
		s.flush(time.Time{}, false)
	}
}

// maxUndated is how many lines without a time belong to the line before at most.
const maxUndated = 10000

// flush takes the pending lines, which have the given time.
func (s *selection) flush(at time.Time, known bool) {
	pending := s.pending
	s.pending = nil
	switch {
	case !known:
		s.result.Undated = s.result.Undated || len(pending) > 0
	case !s.q.Since.IsZero() && at.Before(s.q.Since):
		s.done = true
		return
	case !s.q.Until.IsZero() && at.After(s.q.Until):
		return
	}
	for _, line := range pending {
		if s.done {
			return
		}
		s.take(line)
	}
}

// take adds a line to the result if it matches.
func (s *selection) take(line []byte) {
	if s.q.Match != nil && !s.q.Match.Match(bytes.TrimRight(line, "\r\n")) {
		return
	}
	if s.bytes+len(line) > s.q.MaxBytes {
		s.result.Cut, s.done = true, true
		return
	}
	s.lines = append(s.lines, line)
	s.bytes += len(line)
	s.done = s.q.Lines > 0 && len(s.lines) == s.q.Lines
}
