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

// grace is how long before the daemon was killed a scribe may have ended whose
// last lines the daemon had no time to read. How far behind it may be on this
// machine shows in how long it takes to answer.
func (s *site) grace() time.Duration {
	return 500*time.Millisecond + 2*time.Duration(s.slowest.Load())
}

// account is what the logs hold of one life.
type account struct {
	tally scribe.Tally
	lines [2]int64 // in order, from the first
}

// audit compares the logs of one scribe with its tallies.
type audit struct {
	s     *site
	name  string
	lives map[scribe.ID]*account
	wrong int // what was wrong
}

// figures sums up what was found.
type figures struct {
	Lives int
	Lines int64
	// Died while there was no daemon that would have read their pipe, and the
	// lines that went with it.
	Unheard      int
	UnheardLines int64
}

// check accounts for every line of a scribe. It ends when all have ended.
func (s *site) check(p *program, name string, sum *figures) {
	a := &audit{s: s, name: name, lives: make(map[scribe.ID]*account)}
	for _, id := range scribe.Lives(s.path("tally/" + name)) {
		tally, err := scribe.Read(s.path("tally/"+name), id)
		if err != nil {
			continue // killed before it could write
		}
		a.lives[id] = &account{tally: tally}
	}
	a.checkOrder()
	if !p.cleared {
		a.read(p, ".out")
		if !p.redirect {
			a.read(p, ".err")
		}
		for id, acc := range a.lives {
			a.checkComplete(id, acc, sum)
		}
	}
}

// complain reports the first few of what is wrong with a scribe.
func (a *audit) complain(format string, args ...any) {
	a.s.t.Helper()
	if a.wrong++; a.wrong <= 5 {
		a.s.t.Errorf("%s: %s", a.name, fmt.Sprintf(format, args...))
	}
}

// checkOrder sees to it that no life began while another one was not over.
func (a *audit) checkOrder() {
	ids := slices.SortedFunc(maps.Keys(a.lives), func(x, y scribe.ID) int { return cmp.Compare(x.Begun, y.Begun) })
	for i := 1; i < len(ids); i++ {
		if before := a.lives[ids[i-1]].tally; max(before.Last, before.Ended) > ids[i].Begun {
			a.complain("%s began while %s was alive, at %s", ids[i], ids[i-1], time.Unix(0, ids[i].Begun))
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
			a.complain("the test needs more backups than %d", n)
		}
		readers = append(readers, f)
	}
	lines := bufio.NewReader(io.MultiReader(readers...))
	for number := 1; ; number++ {
		line, err := lines.ReadString('\n')
		if line != "" && line != "\n" {
			a.note(line, fmt.Sprintf("%s line %d", suffix, number))
		}
		if err != nil {
			return
		}
	}
}

// note takes a line into account. The next one of its life has to be the next
// by number; half a line can only be the last words of the dead.
func (a *audit) note(line, where string) {
	id, stream, n, ok := scribe.ParseLine(line)
	acc := a.lives[id]
	if !ok || acc == nil {
		if !a.isBroken(strings.TrimSuffix(line, "\n")) {
			a.complain("%s is nobody's: %.200q", where, line)
		}
		return
	}
	want := scribe.Line(id, stream, acc.lines[stream], acc.tally.Width)
	switch {
	case line == want:
		acc.lines[stream]++
	case strings.HasPrefix(want, strings.TrimSuffix(line, "\n")) && acc.lines[stream] >= acc.tally.Written[stream]:
		// It was killed in the middle of this line.
	default:
		a.complain("%s is %.200q, number %d of %s, want %.200q", where, line, n, id, want)
		acc.lines[stream] = max(acc.lines[stream], n+1) // to go on from here
	}
}

// isBroken tells whether this is the beginning of a line that some life did not
// come to write as a whole.
func (a *audit) isBroken(text string) bool {
	for id, acc := range a.lives {
		for stream := range acc.lines {
			next := scribe.Line(id, stream, acc.lines[stream], acc.tally.Width)
			if acc.lines[stream] >= acc.tally.Written[stream] && strings.HasPrefix(next, text) {
				return true
			}
		}
	}
	return false
}

// checkComplete compares what is in the logs with what was written.
func (a *audit) checkComplete(id scribe.ID, acc *account, sum *figures) {
	sum.Lives++
	var lost int64
	for stream, written := range acc.tally.Written {
		sum.Lines += acc.lines[stream]
		lost += max(written-acc.lines[stream], 0)
		if acc.lines[stream] > written+1 {
			a.complain("%s has written %d lines, its log has %d", id, written, acc.lines[stream])
		}
	}
	if lost == 0 {
		return
	}
	died := a.died(id, acc)
	if !a.s.wasDark(died) {
		a.complain("%s has written %d lines, its logs have %d; it died at %s", id, acc.tally.Written, acc.lines, died)
		return
	}
	sum.Unheard++
	sum.UnheardLines += lost
}

// died is when a life ended, at the latest known moment.
func (a *audit) died(id scribe.ID, acc *account) time.Time {
	if at, ok := a.s.wasKilled(id); ok {
		return at
	}
	return time.Unix(0, max(acc.tally.Ended, acc.tally.Last, id.Begun))
}

// wasDark tells whether there was nobody to read what was said at that moment.
func (s *site) wasDark(at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.dark, func(d darkness) bool {
		return at.After(d.from.Add(-s.grace())) && at.Before(d.to)
	})
}
