package timestamp_test

import (
	"fmt"
	"testing"
	"time"

	"supervisor/supervisord/logs/timestamp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.Local)
	utc := time.Date(2026, 11, 30, 10, 0, 1, 0, time.UTC)
	local := time.Date(2026, 11, 30, 10, 0, 1, 0, time.Local)
	for line, want := range map[string]time.Time{
		"2026-11-30T10:00:01Z x":                                          utc,
		"2026-11-30T12:00:01+02:00 x":                                     utc,
		"2026-11-30T12:00:01.000+0200 x":                                  utc,
		"2026-11-30 10:00:01,000 INFO x":                                  local,
		"[2026-11-30 10:00:01 +0000] [7] [INFO] gunicorn":                 utc,
		"[2026-11-30 10:00:01,000: INFO/MainProcess] celery":              local,
		"[2026-11-30 10:00:01] production.ERROR: Laravel":                 local,
		"2026/11/30 10:00:01 [error] 1#1: nginx":                          local,
		"Nov 30 10:00:01 host prog[1]: syslog":                            local,
		"[30-Nov-2026 10:00:01 UTC] PHP Warning":                          utc,
		`127.0.0.1 - - [30/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200`: utc,
		`{"level":"info","time":"2026-11-30T10:00:01Z","msg":"x"}`:        utc,
		`{"ts":` + fmt.Sprint(utc.Unix()) + `.0,"msg":"zap"}`:             utc,
		fmt.Sprint(utc.Unix()) + ".000 INFO x":                            utc,
		fmt.Sprint(utc.UnixMilli()) + " x":                                utc,
		"\x1b[32m2026-11-30T10:00:01Z\x1b[0m coloured":                    utc,
		"Traceback (most recent call last):":                              {},
		"1234567 is a number":                                             {},
		"":                                                                {},
		"Dec 24 10:00:01 is in the future, so it was last year":           time.Date(2025, 12, 24, 10, 0, 1, 0, time.Local),
	} {
		got, ok := timestamp.Parse([]byte(line), now)
		if ok == want.IsZero() || !got.Equal(want) {
			t.Errorf("%q: got %v, %v, want %v", line, got, ok, want)
		}
	}
}
