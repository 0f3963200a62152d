package notify

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxLength is how long a message may be, in bytes, as with systemd.
const MaxLength = 4096

// maxStatus is how much is kept of a STATUS, in bytes.
const maxStatus = 512

// Never is the duration of what is not to come at all.
const Never = time.Duration(math.MaxInt64)

// Message is what one datagram says. What it does not mention is zero.
type Message struct {
	Ready           bool // has started, or has reloaded
	Reloading       bool
	Stopping        bool
	WatchdogPing    bool // WATCHDOG=1
	WatchdogTrigger bool // WATCHDOG=trigger
	Barrier         bool // wants to know when this has been read: its descriptor is to be closed

	HasStatus bool
	Status    string        // in words, for people; one line
	MainPID   int           // 0 for none
	Errno     int           // 0 for none
	Extend    time.Duration // how much longer this will take, from now; 0 for no word of it
	Watchdog  time.Duration // how often it will say that it is alive; 0 for no word of it, Never for never
	Monotonic uint64        // when a reload began, in microseconds of CLOCK_MONOTONIC
}

// Parse reads a datagram. What it does not know, or what makes no sense, it
// passes over, as systemd does. It tells false for what is no message at all.
func Parse(data []byte) (m Message, ok bool) {
	if len(data) == 0 || len(data) > MaxLength || strings.IndexByte(string(data), 0) >= 0 {
		return Message{}, false
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if name, value, isPair := strings.Cut(line, "="); isPair {
			m.set(name, value)
		}
	}
	return m, true
}

func (m *Message) set(name, value string) {
	switch name {
	case "READY":
		m.Ready = m.Ready || value == "1"
	case "RELOADING":
		m.Reloading = m.Reloading || value == "1"
	case "STOPPING":
		m.Stopping = m.Stopping || value == "1"
	case "BARRIER":
		m.Barrier = m.Barrier || value == "1"
	case "WATCHDOG":
		m.WatchdogPing = m.WatchdogPing || value == "1"
		m.WatchdogTrigger = m.WatchdogTrigger || value == "trigger"
	case "STATUS":
		if utf8.ValidString(value) {
			m.HasStatus, m.Status = true, shorten(strings.TrimSpace(value))
		}
	case "MAINPID":
		if n, err := strconv.ParseInt(value, 10, 32); err == nil && n > 0 {
			m.MainPID = int(n)
		}
	case "ERRNO":
		if n, err := strconv.ParseInt(value, 10, 32); err == nil && n > 0 {
			m.Errno = int(n)
		}
	case "EXTEND_TIMEOUT_USEC":
		if d, ok := microseconds(value); ok && d > 0 {
			m.Extend = d
		}
	case "WATCHDOG_USEC":
		if d, ok := microseconds(value); ok {
			m.Watchdog = d
			if d == 0 {
				m.Watchdog = Never
			}
		}
	case "MONOTONIC_USEC":
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			m.Monotonic = n
		}
	}
}

// microseconds reads a duration. More than time.Duration can hold is Never.
func microseconds(value string) (time.Duration, bool) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, false
	}
	if n > math.MaxInt64/uint64(time.Microsecond) {
		return Never, true
	}
	return time.Duration(n) * time.Microsecond, true
}

func shorten(s string) string {
	if len(s) <= maxStatus {
		return s
	}
	s = s[:maxStatus]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1] // half a character
	}
	return s
}
