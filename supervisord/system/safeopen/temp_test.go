package safeopen

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Files of processes that have exited are removed, all others stay.
func TestTempNameRemovesStale(t *testing.T) {
	t.Parallel()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Skip("SKIPPED: can't start a process: ", err)
	}
	dir := t.TempDir()
	stale := fmt.Sprintf("s.sock.new%d", gone.Process.Pid)
	kept := []string{"s.sock", fmt.Sprintf("s.sock.new%d", os.Getpid()), "s.sock.new0", "s.sock.newx1", fmt.Sprintf("s.sock.%d", gone.Process.Pid), fmt.Sprintf("t.sock.new%d", gone.Process.Pid)}
	for _, name := range append(slices.Clone(kept), stale) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "s.sock")
	if got, want := TempName(path), fmt.Sprintf("%s.new%d", path, os.Getpid()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(kept)
	if !slices.Equal(names, kept) {
		t.Errorf("got %v, want %v", names, kept)
	}
}
