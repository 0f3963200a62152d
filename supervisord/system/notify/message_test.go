package notify

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Message{
		"READY=1":                                 {Ready: true},
		"READY=0":                                 {},
		"READY=1\n":                               {Ready: true},
		"READY=1\nSTATUS=Serving 5 clients\n":     {Ready: true, HasStatus: true, Status: "Serving 5 clients"},
		"STATUS=":                                 {HasStatus: true},
		"STATUS=a=b":                              {HasStatus: true, Status: "a=b"},
		"STATUS=\xff":                             {},
		"RELOADING=1\nMONOTONIC_USEC=123":         {Reloading: true, Monotonic: 123},
		"STOPPING=1":                              {Stopping: true},
		"WATCHDOG=1":                              {WatchdogPing: true},
		"WATCHDOG=trigger":                        {WatchdogTrigger: true},
		"WATCHDOG=2":                              {},
		"WATCHDOG_USEC=1500000":                   {Watchdog: 1500 * time.Millisecond},
		"WATCHDOG_USEC=0":                         {Watchdog: Never},
		"WATCHDOG_USEC=18446744073709551615":      {Watchdog: Never},
		"WATCHDOG_USEC=-1":                        {},
		"MAINPID=4711":                            {MainPID: 4711},
		"MAINPID=-4711":                           {},
		"MAINPID=99999999999999999999":            {},
		"EXTEND_TIMEOUT_USEC=20000000":            {Extend: 20 * time.Second},
		"EXTEND_TIMEOUT_USEC=0":                   {},
		"EXTEND_TIMEOUT_USEC=9999999999999999999": {Extend: Never},
		"ERRNO=2":                                 {Errno: 2},
		"BARRIER=1":                               {Barrier: true},
		"FDSTORE=1\nFDNAME=x\nX_MINE=1\nnothing":  {},
		" READY=1":                                {},
		"ready=1":                                 {},
	} {
		got, ok := Parse([]byte(text))
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q: %v\n%s", text, ok, diff)
		}
	}
	for _, text := range []string{"", "READY=1\x00", strings.Repeat("x", MaxLength+1)} {
		if _, ok := Parse([]byte(text)); ok {
			t.Errorf("%.20q is taken for a message", text)
		}
	}
}

func TestLongStatusIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	m, _ := Parse([]byte("STATUS=x" + strings.Repeat("ü", maxStatus)))
	if len(m.Status) != maxStatus-1 || !utf8.ValidString(m.Status) {
		t.Errorf("%d bytes: %q", len(m.Status), m.Status)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"READY=1\nSTATUS=x\nMAINPID=1", "WATCHDOG=1", "WATCHDOG=trigger", "WATCHDOG_USEC=18446744073709551615",
		"RELOADING=1\nMONOTONIC_USEC=1", "EXTEND_TIMEOUT_USEC=1", "STATUS=\xff\xfe", "BARRIER=1", "=\n=\n", "\x00", "ERRNO=5",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, ok := Parse(data)
		if !ok && m != (Message{}) {
			t.Errorf("no message, but got %+v", m)
		}
		if len(m.Status) > maxStatus || !utf8.ValidString(m.Status) || strings.ContainsAny(m.Status, "\n\x00") {
			t.Errorf("status %q", m.Status)
		}
		if m.Extend < 0 || m.Watchdog < 0 || m.MainPID < 0 || m.Errno < 0 {
			t.Errorf("%+v", m)
		}
	})
}
