package supervisor

import (
	"testing"

	"supervisor/supervisord/api"
)

// TestDescribeChangesOrder: the same changes are always told in the same words.
func TestDescribeChangesOrder(t *testing.T) {
	t.Parallel()
	const want = "added: a, b; changed: c; removed: d"
	for range 50 {
		got := describeChanges(api.Changes{Removed: []string{"d"}, Changed: []string{"c"}, Added: []string{"a", "b"}})
		if got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}
