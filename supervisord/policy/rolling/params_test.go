package rolling

import (
	"strings"
	"testing"
)

// TestFirstBadParamIsReported: of several bad options always the same one is reported.
func TestFirstBadParamIsReported(t *testing.T) {
	t.Parallel()
	for range 50 {
		_, err := ParseParams(map[string]string{"timeout": "?", "batch": "?", "surge": "?", "pause": "?", "abort": "?"})
		if err == nil || !strings.Contains(err.Error(), "abort") {
			t.Fatal(err)
		}
	}
}
