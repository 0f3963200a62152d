package rolling

import (
	"strings"
	"testing"
)

// TestOneComplaintOfSeveral: which of several bad options is told is always the same.
func TestOneComplaintOfSeveral(t *testing.T) {
	t.Parallel()
	for range 50 {
		_, err := ParseAsk(map[string]string{"timeout": "?", "batch": "?", "surge": "?", "pause": "?", "abort": "?"})
		if err == nil || !strings.Contains(err.Error(), "abort") {
			t.Fatal(err)
		}
	}
}
