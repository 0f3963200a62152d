package notify

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxLength is how many bytes a message may have, as with systemd.
const MaxLength = 4096

// maxStatus is how many bytes are kept of a STATUS.
const maxStatus = 512

// Never is the duration of what never happens.
const Never = time.Duration(math.MaxInt64)

// Message is the content of one datagram. What it does not mention is zero.
type Message struct {
	Ready           bool // the program has started, or has reloaded
	Reloading       bool
	Stopping        bool
	WatchdogPing    bool // WATCHDOG=1
	WatchdogTrigger bool // WATCHDOG=trigger
	Barrier         bool // the program waits until the descriptor that it has sent is closed

	HasStatus bool
	Status    string        // one line for people to read
	MainPID   int           // 0 for none
	Errno     int           // 0 for none
	Extend    time.Duration // how much longer this will take, from now; 0 if not mentioned
	Watchdog  time.Duration // the interval of its pings; 0 if not mentioned, Never to switch the watchdog off
	Monotonic uint64        // when a reload began, in microseconds of CLOCK_MONOTONIC
}

// Parse reads a datagram. It ignores unknown and invalid lines, as systemd does. It returns
// false if the datagram is no message at all.
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

// microseconds reads a duration. One that is too long for time.Duration is Never.
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
