package chaos

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"supervisor/supervisord/tools/testkit/scribe"
)

// gracePeriod is how long before the daemon was killed a scribe may have ended whose
// last lines the daemon had no time to read. How far behind it may be on this
// machine shows in how long it takes to answer.
func (s *instance) gracePeriod() time.Duration {
	return 500*time.Millisecond + 2*time.Duration(s.slowest.Load())
}

// runLog is what the logs hold of one life.
type runLog struct {
	stats scribe.Stats
	lines [2]int64 // in order, from the first
}

// audit compares the logs of one scribe with its tallies.
type audit struct {
	s          *instance
	name       string
	runs       map[scribe.ID]*runLog
	errorCount int // what was wrong
}

// totals sums up what was found.
type totals struct {
	Runs  int
	Lines int64
	// Died while there was no daemon that would have read their pipe, and the
	// lines that went with it.
	Unread      int
	UnreadLines int64
}

// checkLogs accounts for every line of a scribe. It ends when all have ended.
func (s *instance) checkLogs(p *program, name string, sum *totals) {
	a := &audit{s: s, name: name, runs: make(map[scribe.ID]*runLog)}
	for _, id := range scribe.Runs(s.path("tally/" + name)) {
		stats, err := scribe.ReadStats(s.path("tally/"+name), id)
		if err != nil {
			continue // killed before it could write
		}
		a.runs[id] = &runLog{stats: stats}
	}
	a.checkOrder()
	if !p.cleared {
		a.read(p, ".out")
		if !p.redirect {
			a.read(p, ".err")
		}
		for id, acc := range a.runs {
			a.checkComplete(id, acc, sum)
		}
	}
}

// errorf reports the first few of what is wrong with a scribe.
func (a *audit) errorf(format string, args ...any) {
	a.s.t.Helper()
	if a.errorCount++; a.errorCount <= 5 {
		a.s.t.Errorf("%s: %s", a.name, fmt.Sprintf(format, args...))
	}
}

// checkOrder sees to it that no life began while another one was not over.
func (a *audit) checkOrder() {
	ids := slices.SortedFunc(maps.Keys(a.runs), func(x, y scribe.ID) int { return cmp.Compare(x.Started, y.Started) })
	for i := 1; i < len(ids); i++ {
		if before := a.runs[ids[i-1]].stats; max(before.LastWrite, before.Exited) > ids[i].Started {
			a.errorf("%s began while %s was alive, at %s", ids[i], ids[i-1], time.Unix(0, ids[i].Started))
		}
	}
}

// read reads a log and its backups, the oldest first.
func (a *audit) read(p *program, suffix string) {
	var readers []io.Reader
	path := a.s.path("logs/" + a.name + suffix)
	for n := p.backups; n >= 0; n-- {
		file := path
		if n > 0 {
			file = fmt.Sprintf("%s.%d", path, n)
		}
		f, err := os.Open(file)
		if err != nil {
			continue
		}
		defer f.Close()
		if n == p.backups {
			a.errorf("the test needs more backups than %d", n)
		}
		readers = append(readers, f)
	}
	lines := bufio.NewReader(io.MultiReader(readers...))
	for number := 1; ; number++ {
		line, err := lines.ReadString('\n')
		if line != "" && line != "\n" {
			a.countLine(line, fmt.Sprintf("%s line %d", suffix, number))
		}
		if err != nil {
			return
		}
	}
}

// countLine takes a line into account. The next one of its life has to be the next
// by number; half a line can only be the last words of the dead.
func (a *audit) countLine(line, where string) {
	id, stream, n, ok := scribe.ParseLine(line)
	acc := a.runs[id]
	if !ok || acc == nil {
		if !a.isPartialLine(strings.TrimSuffix(line, "\n")) {
			a.errorf("%s is nobody's: %.200q", where, line)
		}
		return
	}
	want := scribe.Line(id, stream, acc.lines[stream], acc.stats.Width)
	switch {
	case line == want:
		acc.lines[stream]++
	case strings.HasPrefix(want, strings.TrimSuffix(line, "\n")) && acc.lines[stream] >= acc.stats.Written[stream]:
		// It was killed in the middle of this line.
	default:
		a.errorf("%s is %.200q, number %d of %s, want %.200q", where, line, n, id, want)
		acc.lines[stream] = max(acc.lines[stream], n+1) // to go on from here
	}
}

// isPartialLine tells whether this is the beginning of a line that some life did not
// come to write as a whole.
func (a *audit) isPartialLine(text string) bool {
	for id, acc := range a.runs {
		for stream := range acc.lines {
			next := scribe.Line(id, stream, acc.lines[stream], acc.stats.Width)
			if acc.lines[stream] >= acc.stats.Written[stream] && strings.HasPrefix(next, text) {
				return true
			}
		}
	}
	return false
}

// checkComplete compares what is in the logs with what was written.
func (a *audit) checkComplete(id scribe.ID, acc *runLog, sum *totals) {
	sum.Runs++
	var lost int64
	for stream, written := range acc.stats.Written {
		sum.Lines += acc.lines[stream]
		lost += max(written-acc.lines[stream], 0)
		if acc.lines[stream] > written+1 {
			a.errorf("%s has written %d lines, its log has %d", id, written, acc.lines[stream])
		}
	}
	if lost == 0 {
		return
	}
	died := a.endTime(id, acc)
	if !a.s.inOutage(died) {
		a.errorf("%s has written %d lines, its logs have %d; it died at %s", id, acc.stats.Written, acc.lines, died)
		return
	}
	sum.Unread++
	sum.UnreadLines += lost
}

// endTime is when a life ended, at the latest known moment.
func (a *audit) endTime(id scribe.ID, acc *runLog) time.Time {
	if at, ok := a.s.wasKilled(id); ok {
		return at
	}
	return time.Unix(0, max(acc.stats.Exited, acc.stats.LastWrite, id.Started))
}

// inOutage tells whether there was nobody to read what was said at that moment.
func (s *instance) inOutage(at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.outages, func(d outage) bool {
		return at.After(d.from.Add(-s.gracePeriod())) && at.Before(d.to)
	})
}
