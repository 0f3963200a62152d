package supervisor

import (
	"time"

	"supervisor/supervisord/events"
)

// periods are the ticks there are, in the order in which those of the same
// moment are published: the shortest first.
var periods = [...]struct {
	kind    events.Type
	seconds int64
}{
	{events.Tick5, 5},
	{events.Tick60, 60},
	{events.Tick3600, 3600},
}

// maxTickWait is the longest time between two looks at the clock while anybody
// wants ticks, in seconds. The clock may be set meanwhile, which timers don't notice.
const maxTickWait = 60

// ticks holds the last tick of each period, in seconds since the epoch, 0 while
// nobody wants it. The first look after somebody came to want it is for the
// record only.
type ticks [len(periods)]int64

// publishDue publishes what is due at the time now, which may be any: a tick comes
// when the multiple of its period is another one than at the last look, and
// those in between are not made up for. It returns the time until the next
// look, 0 if nobody wants ticks.
func (t *ticks) publishDue(now time.Time, bus *events.Bus) (delay time.Duration) {
	for i, p := range periods {
		if !bus.Wants(p.kind) {
			t[i] = 0
			continue
		}
		when := lastMultiple(now, p.seconds)
		if t[i] != 0 && t[i] != when {
			bus.Publish(p.kind, func() string { return events.TickPayload(when) })
		}
		t[i] = when
		if delay == 0 {
			step := min(p.seconds, maxTickWait)
			delay = time.Unix(lastMultiple(now, step)+step, 0).Sub(now)
		}
	}
	return delay
}

// lastMultiple is the last full multiple of period at now, in seconds since the epoch.
func lastMultiple(now time.Time, period int64) int64 {
	s := now.Unix()
	return s - s%period
}

// publishTicks publishes the ticks that are due and winds up the timer for the next
// look. It is called in every round of Run, because any of them may have
// brought or taken away a subscriber.
func (s *Supervisor) publishTicks(timer *time.Timer) {
	if delay := s.ticks.publishDue(time.Now(), s.opts.Events); delay > 0 {
		timer.Reset(delay)
		return
	}
	timer.Stop()
}
