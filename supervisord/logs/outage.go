package logs

import (
	"fmt"
	"time"
)

// quietTime is how long after a report no further outage of the same target is
// reported. Without it a disk that is almost full, where small writes succeed
// and large ones fail, would fill the main log.
const quietTime = time.Minute

// OutageError reports that a log cannot be written, and later that it can
// again.
type OutageError struct {
	Path string // the file, or "syslog"
	Err  error  // why, nil when the outage is over
	Lost int64  // bytes lost since the last report, known when it is over
}

// Error describes the outage or its end.
func (e *OutageError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("cannot write log %s: %v; output is dropped until it can be written again", e.Path, e.Err)
	}
	return fmt.Sprintf("log %s can be written again, %d bytes were lost", e.Path, e.Lost)
}

// Unwrap returns the cause, nil at the end of an outage.
func (e *OutageError) Unwrap() error { return e.Err }

// outage decides which failures are reported. It is guarded by its owner's lock.
type outage struct {
	lost       int64
	reported   bool      // the beginning was reported, so the end has to be
	quietUntil time.Time // until when no beginning is reported
}

// record records the result of a write to path and how many bytes were lost. It
// returns what to report, nil for nothing.
func (o *outage) record(path string, lost int, err error) error {
	if err == nil && o.lost == 0 {
		return nil // the usual case
	}
	if err != nil {
		return o.failed(path, lost, err)
	}
	return o.recovered(path)
}

func (o *outage) failed(path string, lost int, err error) error {
	o.lost += int64(lost)
	if o.reported || time.Now().Before(o.quietUntil) {
		return nil
	}
	o.reported = true
	o.quietUntil = time.Now().Add(quietTime)
	return &OutageError{Path: path, Err: err}
}

func (o *outage) recovered(path string) error {
	if !o.reported && time.Now().Before(o.quietUntil) {
		return nil // the next report includes what was lost
	}
	over := &OutageError{Path: path, Lost: o.lost}
	o.lost, o.reported = 0, false
	return over
}
