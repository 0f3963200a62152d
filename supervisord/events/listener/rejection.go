package listener

import (
	"fmt"
	"time"
)

const (
	// patientFor is how many rejections in a row are answered at once.
	patientFor = 3
	// shortestPause and longestPause are between two events after that.
	shortestPause = 10 * time.Millisecond
	longestPause  = 30 * time.Second
)

// rejection is how a listener is held back that rejects event after event.
type rejection struct {
	count int         // in a row
	tell  int         // the count that the next line of the main log tells of
	pause *time.Timer // nil for none
}

// pauseAfter is the time before the next event after so many rejections in a row.
func pauseAfter(count int) time.Duration {
	if count <= patientFor {
		return 0
	}
	doublings := min(count-patientFor-1, 20)
	return min(shortestPause<<doublings, longestPause)
}

// reject notes that the child has rejected its event, and holds the next one back
// if that has happened too often.
func (m *Member) reject() {
	r := &m.rejection
	r.count++
	switch {
	case r.count <= patientFor:
		m.pool.log.Warn(m.name + ": event was rejected")
		r.tell = 10
	case r.count == r.tell:
		m.pool.log.Warn(fmt.Sprintf("%s: event was rejected %d times in a row, the next one is sent after %s", m.name, r.count, pauseAfter(r.count)))
		r.tell *= 10
	}
	pause := pauseAfter(r.count)
	if pause == 0 {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(pause, func() { m.endPause(&timer) })
	r.pause = timer
}

// endPause lets the child have events again, unless the pause is one of the past.
func (m *Member) endPause(timer **time.Timer) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if m.rejection.pause != *timer {
		return
	}
	m.rejection.pause = nil
	m.pool.dispatch()
}

// forgive forgets rejections.
func (m *Member) forgive() {
	if m.rejection.pause != nil {
		m.rejection.pause.Stop()
	}
	m.rejection = rejection{}
}
