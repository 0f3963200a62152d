package control

import (
	"strings"
	"testing"

	"supervisor/supervisord/api/faults"
)

func TestDependencyFailure(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ABNORMAL_TERMINATION: web":                             "",
		"ABNORMAL_TERMINATION: g:web: it needs db, and db is x": ": it needs db, and db is x",
	} {
		if got := dependencyFailure(faults.AbnormalTermination, text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := dependencyFailure(faults.SpawnError, "SPAWN_ERROR: web: x"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestFirstNames(t *testing.T) {
	t.Parallel()
	names := strings.Fields("a b c d e f g h i j")
	for n, want := range map[int]string{1: "a", 8: "a, b, c, d, e, f, g, h", 10: "a, b, c, d, e, f, g, h and 2 more"} {
		if got := firstNames(names[:n]); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
