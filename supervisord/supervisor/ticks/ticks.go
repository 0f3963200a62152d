package ticks

import (
	"time"

	"supervisor/supervisord/events"
)

// periods are the ticks. Those due at the same moment are published in this order.
var periods = [...]struct {
	kind    events.Type
	seconds int64
}{
	{events.Tick5, 5},
	{events.Tick60, 60},
	{events.Tick3600, 3600},
}

// maxWait is the longest delay, in seconds. The clock may be set meanwhile, which timers
// don't notice.
const maxWait = 60

// Ticks holds the last tick of each period, in seconds since the epoch, 0 while nothing
// subscribes to it. The first call after a subscription only records it. The zero value
// is ready for use.
type Ticks [len(periods)]int64

// Publish publishes the ticks that are due. It returns the delay until the next call, 0
// if nothing subscribes.
func (t *Ticks) Publish(now time.Time, bus *events.Bus) (delay time.Duration) {
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
			step := min(p.seconds, maxWait)
			delay = time.Unix(lastMultiple(now, step)+step, 0).Sub(now)
		}
	}
	return delay
}

// lastMultiple is the last multiple of a period in seconds, in seconds since the epoch.
func lastMultiple(now time.Time, period int64) int64 {
	s := now.Unix()
	return s - s%period
}
