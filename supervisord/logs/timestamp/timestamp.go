package timestamp

import (
	"bytes"
	"regexp"
	"strconv"
	"time"
)

// Parse returns the time at the beginning of a line, as programs commonly write
// it: RFC 3339 and its relatives (Python's logging, gunicorn, Rails, Laravel), Go's log
// package and nginx, syslog, Apache's access log, PHP's error log, seconds or
// milliseconds since the epoch, and JSON objects with a field time, ts or timestamp. A
// time without a zone is in the local one. now completes what has no year.
func Parse(line []byte, now time.Time) (time.Time, bool) {
	head := line[:min(len(line), 256)]
	for _, f := range formats {
		m := f.find.FindSubmatch(head)
		if m == nil {
			continue
		}
		if at, ok := f.parse(string(m[1]), now); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// format is one way to write a time.
type format struct {
	find  *regexp.Regexp // the first group is the time
	parse func(text string, now time.Time) (time.Time, bool)
}

// start is what may stand before a time: colours, brackets.
const start = `^(?:\x1b\[[0-9;]*m)*[\[(<]?`

var formats = []format{
	{regexp.MustCompile(start + `(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)`), parseISO},
	{regexp.MustCompile(start + `(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:[.,]\d+)?)`), layouts("2006/01/02 15:04:05")},
	{regexp.MustCompile(start + `(\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?: [A-Z]{3,4})?)`), layouts("02-Jan-2006 15:04:05 MST", "02-Jan-2006 15:04:05")},
	{regexp.MustCompile(start + `([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)`), parseSyslog},
	{regexp.MustCompile(`^[^\[]{0,120}\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]`), layouts("02/Jan/2006:15:04:05 -0700")},
	{regexp.MustCompile(`^\s*\{.{0,200}?"(?:@?time(?:stamp)?|ts)"\s*:\s*"([^"]{10,40})"`), parseISO},
	{regexp.MustCompile(`^\s*\{.{0,200}?"(?:@?time(?:stamp)?|ts)"\s*:\s*(\d{10}(?:\.\d+)?|\d{13})\b`), parseEpoch},
	{regexp.MustCompile(start + `(\d{10}(?:\.\d+)?|\d{13})(?:[\]) ]|$)`), parseEpoch},
}

// layouts parses a time by the first layout that fits.
func layouts(list ...string) func(string, time.Time) (time.Time, bool) {
	return func(text string, _ time.Time) (time.Time, bool) {
		for _, layout := range list {
			if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
				return at, true
			}
		}
		return time.Time{}, false
	}
}

var isoLayouts = layouts(
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00",
	"2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05",
)

// parseISO parses a time of ISO 8601 form. time.Parse accepts a fraction of a second
// after a point or a comma by itself.
func parseISO(text string, now time.Time) (time.Time, bool) { return isoLayouts(text, now) }

// parseSyslog parses the time of RFC 3164, which has no year: it is the last one that
// is not in the future.
func parseSyslog(text string, now time.Time) (time.Time, bool) {
	at, err := time.ParseInLocation("Jan _2 15:04:05", text, time.Local)
	if err != nil {
		return time.Time{}, false
	}
	at = at.AddDate(now.Year(), 0, 0)
	if at.After(now.Add(24 * time.Hour)) {
		at = at.AddDate(-1, 0, 0)
	}
	return at, true
}

// parseEpoch parses seconds, with a fraction, or milliseconds since the epoch.
func parseEpoch(text string, _ time.Time) (time.Time, bool) {
	if len(text) == 13 && bytes.IndexByte([]byte(text), '.') < 0 {
		ms, err := strconv.ParseInt(text, 10, 64)
		return time.UnixMilli(ms), err == nil
	}
	s, err := strconv.ParseFloat(text, 64)
	return time.UnixMicro(int64(s * 1e6)), err == nil
}
