package rolling

import (
	"strings"
	"testing"
)

// TestFirstBadParamIsReported: which of several bad options is told is always the same.
func TestFirstBadParamIsReported(t *testing.T) {
	t.Parallel()
	for range 50 {
		_, err := ParseParams(map[string]string{"timeout": "?", "batch": "?", "surge": "?", "pause": "?", "abort": "?"})
		if err == nil || !strings.Contains(err.Error(), "abort") {
			t.Fatal(err)
		}
	}
}
