package listener

import (
	"fmt"
	"time"
)

const (
	// immediateRetries is how many rejections in a row cause no pause.
	immediateRetries = 3
	// minPause and maxPause limit the pause between two events after that.
	minPause = 10 * time.Millisecond
	maxPause = 30 * time.Second
)

// rejection slows a listener down that rejects event after event.
type rejection struct {
	count int         // in a row
	logAt int         // the count at which the next line is logged
	pause *time.Timer // nil for none
}

// pauseAfter returns the pause before the next event after count rejections in a row.
func pauseAfter(count int) time.Duration {
	if count <= immediateRetries {
		return 0
	}
	doublings := min(count-immediateRetries-1, 20)
	return min(minPause<<doublings, maxPause)
}

// recordRejection counts a rejection, and starts a pause after too many in a row.
func (m *Member) recordRejection() {
	r := &m.rejection
	r.count++
	switch {
	case r.count <= immediateRetries:
		m.pool.log.Warn(m.name + ": event was rejected")
		r.logAt = 10
	case r.count == r.logAt:
		m.pool.log.Warn(fmt.Sprintf("%s: event was rejected %d times in a row, the next one is sent after %s", m.name, r.count, pauseAfter(r.count)))
		r.logAt *= 10
	}
	pause := pauseAfter(r.count)
	if pause == 0 {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(pause, func() { m.endPause(&timer) })
	r.pause = timer
}

// endPause ends a pause, unless it has been cancelled meanwhile.
func (m *Member) endPause(timer **time.Timer) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if m.rejection.pause != *timer {
		return
	}
	m.rejection.pause = nil
	m.pool.dispatch()
}

// resetRejections forgets rejections and cancels a pause.
func (m *Member) resetRejections() {
	if m.rejection.pause != nil {
		m.rejection.pause.Stop()
	}
	m.rejection = rejection{}
}
