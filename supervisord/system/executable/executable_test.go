package executable

import (
	"os"
	"testing"
)

// Both paths lead to the running binary.
func TestPaths(t *testing.T) {
	t.Parallel()
	Note()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.Stat(self)
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]func() (string, error){"Named": Named, "Exact": Exact} {
		got, err := path()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if info, err := os.Stat(got); err != nil || !os.SameFile(info, want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}
