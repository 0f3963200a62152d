package boottime

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Time is a time.Time whose JSON names it by both clocks. The zero Time is the zero
// time.Time.
type Time struct{ time.Time }

// recorded is the JSON of a Time.
type recorded struct {
	Wall int64 // nanoseconds since the epoch, 0 if only Boot is known
	Boot int64 // nanoseconds since boot
}

// At returns t as a Time.
func At(t time.Time) Time { return Time{t} }

// Equal reports whether both are the same moment.
func (t Time) Equal(u Time) bool { return t.Time.Equal(u.Time) }

// FromTicks returns the time of so many clock ticks since boot, as the kernel gives the
// start time of a process.
func FromTicks(ticks uint64) Time {
	return recorded{Boot: int64(ticks) * (1e9 / ticksPerSecond)}.time()
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	var r recorded
	if !t.IsZero() {
		r = recorded{Wall: t.UnixNano(), Boot: sinceBoot() - int64(time.Since(t.Time))}
	}
	data := make([]byte, 0, 64)
	data = strconv.AppendInt(append(data, wallKey...), r.Wall, 10)
	data = strconv.AppendInt(append(data, bootKey...), r.Boot, 10)
	return append(data, '}'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(data []byte) error {
	r, ok := parse(string(data))
	if !ok {
		if err := json.Unmarshal(data, &r); err != nil {
			return err
		}
	}
	*t = r.time()
	return nil
}

// The form that MarshalJSON writes, before each number.
const (
	wallKey = `{"Wall":`
	bootKey = `,"Boot":`
)

// parse reads the form that MarshalJSON writes. A long journal has many times, and
// package json takes several times as long. It returns false for any other form.
func parse(text string) (r recorded, ok bool) {
	wall, boot, ok := strings.Cut(text, bootKey)
	wall, hasWall := strings.CutPrefix(wall, wallKey)
	boot, hasEnd := strings.CutSuffix(boot, "}")
	if !ok || !hasWall || !hasEnd {
		return recorded{}, false
	}
	var wallErr, bootErr error
	r.Wall, wallErr = strconv.ParseInt(wall, 10, 64)
	r.Boot, bootErr = strconv.ParseInt(boot, 10, 64)
	return r, wallErr == nil && bootErr == nil
}

// maxDrift is how far the two clocks may differ before the one on the wall counts as
// set.
const maxDrift = 2 * time.Second

// time returns the recorded time by the clock since boot. The clock on the wall is more
// exact about itself, so it counts as long as it has not been set.
func (r recorded) time() Time {
	if r == (recorded{}) {
		return Time{}
	}
	t := time.Now().Add(-time.Duration(sinceBoot() - r.Boot))
	if off := time.Duration(r.Wall - t.UnixNano()); off.Abs() < maxDrift {
		t = t.Add(off)
	}
	return Time{t}
}

// ticksPerSecond is the unit of all times in /proc, whatever the kernel's own clock.
const ticksPerSecond = 100
