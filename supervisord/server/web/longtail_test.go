package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervisord/api/states"
)

// TestLongTailMatchesShort, wherever the pieces end in which it is read.
func TestLongTailMatchesShort(t *testing.T) {
	f := newFake(process("file", states.Running, ""), process("cat", states.Running, ""))
	for shift := range 3 {
		text := strings.Repeat("x", shift) + strings.Repeat("]]>]<&☃\x00", 60_000)
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f.logs["file"], f.logs["cat"] = path, text
		c := newClient(t, f, unixServer)
		got := c.page("/tail.html?processname=file&limit=100000000")
		want := c.page("/tail.html?processname=cat&limit=100000000")
		if got = strings.ReplaceAll(got, "file", "cat"); got != want {
			t.Errorf("shifted by %d: %d bytes, want %d", shift, len(got), len(want))
		}
	}
}
