package journal

import "time"

// Timestamp is a time as it is recorded: by the clock on the wall and by one that
// nobody can set.
type Timestamp struct {
	Wall int64 // nanoseconds since the epoch
	Boot int64 // nanoseconds since boot
}

// NewTimestamp records a time. The zero time is the zero Moment.
func NewTimestamp(t time.Time) Timestamp {
	if t.IsZero() {
		return Timestamp{}
	}
	return Timestamp{Wall: t.UnixNano(), Boot: sinceBoot() - int64(time.Since(t))}
}

// FromTicks is the moment of a child's birth.
func FromTicks(startTime uint64) Timestamp {
	return Timestamp{Boot: int64(startTime) * (1e9 / ticksPerSecond)}
}

// maxClockDrift is how far the two clocks may be apart before the one on the wall
// counts as set.
const maxClockDrift = 2 * time.Second

// Time returns the recorded time, of which the age does not depend on the clock
// on the wall. That clock is more exact about itself, so it is believed when it
// has not been set since.
func (m Timestamp) Time() time.Time {
	if m == (Timestamp{}) {
		return time.Time{}
	}
	t := time.Now().Add(-time.Duration(sinceBoot() - m.Boot))
	if off := time.Duration(m.Wall - t.UnixNano()); off.Abs() < maxClockDrift {
		t = t.Add(off)
	}
	return t
}

// ticksPerSecond is what the kernel tells all programs, whatever its own clock.
const ticksPerSecond = 100

// NowTicks returns the time in clock ticks since boot.
func NowTicks() uint64 { return uint64(sinceBoot()) / (1e9 / ticksPerSecond) }
