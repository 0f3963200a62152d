package journal

import "time"

// Moment is a time as it is recorded: by the clock on the wall and by one that
// nobody can set.
type Moment struct {
	Wall int64 // nanoseconds since the epoch
	Boot int64 // nanoseconds since boot
}

// NewMoment records a time. The zero time is the zero Moment.
func NewMoment(t time.Time) Moment {
	if t.IsZero() {
		return Moment{}
	}
	return Moment{Wall: t.UnixNano(), Boot: sinceBoot() - int64(time.Since(t))}
}

// FromTicks is the moment of a child's birth.
func FromTicks(born uint64) Moment { return Moment{Boot: int64(born) * (1e9 / ticksPerSecond)} }

// drift is how far the two clocks may be apart before the one on the wall
// counts as set.
const drift = 2 * time.Second

// Time returns the recorded time, of which the age does not depend on the clock
// on the wall. That clock is more exact about itself, so it is believed when it
// has not been set since.
func (m Moment) Time() time.Time {
	if m == (Moment{}) {
		return time.Time{}
	}
	t := time.Now().Add(-time.Duration(sinceBoot() - m.Boot))
	if off := time.Duration(m.Wall - t.UnixNano()); off.Abs() < drift {
		t = t.Add(off)
	}
	return t
}

// ticksPerSecond is what the kernel tells all programs, whatever its own clock.
const ticksPerSecond = 100

// Now returns the time in clock ticks since boot.
func Now() uint64 { return uint64(sinceBoot()) / (1e9 / ticksPerSecond) }
