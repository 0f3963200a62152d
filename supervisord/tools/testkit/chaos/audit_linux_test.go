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

	"supervisor/supervisord/tools/testkit/linewriter"
)

// gracePeriod is how long before a kill of the daemon a process may have ended whose last
// lines the daemon had no time to read. The slowest answer shows how far behind the
// daemon may be on this machine.
func (s *instance) gracePeriod() time.Duration {
	return 500*time.Millisecond + 2*time.Duration(s.slowest.Load())
}

// runLog is what the logs have of one run.
type runLog struct {
	stats linewriter.Stats
	lines [2]int64 // in order, from the first
}

// audit compares the logs of one process with the counts of its runs.
type audit struct {
	s          *instance
	name       string
	runs       map[linewriter.ID]*runLog
	errorCount int
}

// totals is the sum over all processes.
type totals struct {
	Runs  int
	Lines int64
	// Runs that ended while no daemon read their pipe, and the lines that were lost.
	Unread      int
	UnreadLines int64
}

// checkLogs checks every line of a process, after all runs have ended.
func (s *instance) checkLogs(p *program, name string, sum *totals) {
	a := &audit{s: s, name: name, runs: make(map[linewriter.ID]*runLog)}
	for _, id := range linewriter.Runs(s.path("stats/" + name)) {
		stats, err := linewriter.ReadStats(s.path("stats/"+name), id)
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

// errorf reports the first five errors of a process.
func (a *audit) errorf(format string, args ...any) {
	a.s.t.Helper()
	if a.errorCount++; a.errorCount <= 5 {
		a.s.t.Errorf("%s: %s", a.name, fmt.Sprintf(format, args...))
	}
}

// checkOrder checks that no run began before the one before it had ended.
func (a *audit) checkOrder() {
	ids := slices.SortedFunc(maps.Keys(a.runs), func(x, y linewriter.ID) int { return cmp.Compare(x.Started, y.Started) })
	for i := 1; i < len(ids); i++ {
		if before := a.runs[ids[i-1]].stats; max(before.LastWrite, before.Exited) > ids[i].Started {
			a.errorf("%s began while %s ran, at %s", ids[i], ids[i-1], time.Unix(0, ids[i].Started))
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

// countLine checks that a line has the next number of its run. Only a process that was
// killed leaves a partial line.
func (a *audit) countLine(line, where string) {
	id, stream, n, ok := linewriter.ParseLine(line)
	acc := a.runs[id]
	if !ok || acc == nil {
		if !a.isPartialLine(strings.TrimSuffix(line, "\n")) {
			a.errorf("%s belongs to no run: %.200q", where, line)
		}
		return
	}
	want := linewriter.Line(id, stream, acc.lines[stream], acc.stats.Width)
	switch {
	case line == want:
		acc.lines[stream]++
	case strings.HasPrefix(want, strings.TrimSuffix(line, "\n")) && acc.lines[stream] >= acc.stats.Written[stream]:
		// It was killed in the middle of this line.
	default:
		a.errorf("%s is %.200q, number %d of %s, want %.200q", where, line, n, id, want)
		acc.lines[stream] = max(acc.lines[stream], n+1) // continue with this number
	}
}

// isPartialLine reports whether this is the beginning of the next line of a run, which
// was killed while it wrote it.
func (a *audit) isPartialLine(text string) bool {
	for id, acc := range a.runs {
		for stream := range acc.lines {
			next := linewriter.Line(id, stream, acc.lines[stream], acc.stats.Width)
			if acc.lines[stream] >= acc.stats.Written[stream] && strings.HasPrefix(next, text) {
				return true
			}
		}
	}
	return false
}

// checkComplete compares the number of lines in the logs with what was written.
func (a *audit) checkComplete(id linewriter.ID, acc *runLog, sum *totals) {
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
	ended := a.endTime(id, acc)
	if !a.s.inOutage(ended) {
		a.errorf("%s has written %d lines, its logs have %d; it ended at %s", id, acc.stats.Written, acc.lines, ended)
		return
	}
	sum.Unread++
	sum.UnreadLines += lost
}

// endTime is the latest time at which a run is known to have been alive.
func (a *audit) endTime(id linewriter.ID, acc *runLog) time.Time {
	if at, ok := a.s.wasKilled(id); ok {
		return at
	}
	return time.Unix(0, max(acc.stats.Exited, acc.stats.LastWrite, id.Started))
}

// inOutage reports whether no daemon read output at that time.
func (s *instance) inOutage(at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.outages, func(d outage) bool {
		return at.After(d.from.Add(-s.gracePeriod())) && at.Before(d.to)
	})
}
