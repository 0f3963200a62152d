package option

import "testing"

func TestLogLevelNames(t *testing.T) {
	t.Parallel()
	for level, want := range map[LogLevel]string{50: "critical", 3: "blather", 7: "level 7"} {
		if got := level.String(); got != want {
			t.Errorf("%d is called %q, want %q", int(level), got, want)
		}
	}
}
