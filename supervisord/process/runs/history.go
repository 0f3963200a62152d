package runs

import "time"

// MaxRuns is how many runs of a process are kept.
const MaxRuns = 20

// History is the last runs of a process. The zero value has none.
type History struct {
	runs   []Run // oldest first; the slice that Runs returned is never changed
	counts *[minutes]count
	since  time.Time // of the first restart; minutes are counted from then on
}

// minutes is the period in which restarts are counted.
const minutes = 60

// count is the number of restarts in one minute.
type count struct {
	minute int64 // from 1 on, 0 for none
	n      int32
}

// Restore sets the runs that an earlier daemon recorded, oldest first. Restarts before
// those are not counted any more.
func (h *History) Restore(list []Run) {
	h.runs = list[max(len(list)-MaxRuns, 0):]
	for _, r := range h.runs {
		if r.IsRestart {
			h.CountRestart(r.Started.Time)
		}
	}
}

// Add adds a run that has ended.
func (h *History) Add(r Run) {
	kept := h.runs[max(len(h.runs)+1-MaxRuns, 0):]
	h.runs = append(append(make([]Run, 0, len(kept)+1), kept...), r)
}

// Runs returns the runs, oldest first. They must not be changed.
func (h *History) Runs() []Run { return h.runs }

// CountRestart counts a start that follows another one without anybody's request.
func (h *History) CountRestart(now time.Time) {
	if h.counts == nil {
		h.counts, h.since = new([minutes]count), now
	}
	minute := h.minute(now)
	c := &h.counts[minute%minutes]
	if c.minute != minute {
		*c = count{minute: minute}
	}
	c.n++
}

// RestartsInLastHour returns how many restarts were counted within the last hour.
func (h *History) RestartsInLastHour(now time.Time) int {
	if h.counts == nil {
		return 0
	}
	sum, minute := 0, h.minute(now)
	for _, c := range h.counts {
		if c.n > 0 && c.minute > minute-minutes {
			sum += int(c.n)
		}
	}
	return sum
}

// minute returns the number of a time's minute.
func (h *History) minute(at time.Time) int64 { return int64(at.Sub(h.since)/time.Minute) + 1 }
