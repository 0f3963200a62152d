package process

import (
	"time"

	"supervisor/supervisord/system/boottime"
)

const (
	// timerTolerance is how late a timer may fire. If it is later the daemon, or the
	// whole machine, was suspended.
	timerTolerance = 500 * time.Millisecond
	// exitGrace is what a late timer is put off by, so that exits that happened
	// meanwhile arrive first.
	exitGrace = 100 * time.Millisecond
)

// postponeIfLate puts the timer off if it fired much too late. Otherwise a child that
// exited in time while the daemon was suspended would get SIGKILL.
func (p *Process) postponeIfLate() bool {
	late := time.Since(p.machine.Deadline.Time) > timerTolerance
	if late {
		p.setTimer(exitGrace)
	}
	return late
}

func (p *Process) setTimer(after time.Duration) {
	p.machine.Deadline = boottime.At(time.Now().Add(after))
	p.timer.Reset(after)
}

func (p *Process) stopTimer() {
	p.machine.Deadline = boottime.Time{}
	p.timer.Stop()
}

func stoppedTimer() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}
