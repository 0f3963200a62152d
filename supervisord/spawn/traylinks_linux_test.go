package spawn_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/safeopen"
)

// TestTrayIsNoLink: what is in the place of the file and leads to another one is
// neither written to nor made longer; the output goes where it belongs without it.
func TestTrayIsNoLink(t *testing.T) {
	for name, link := range map[string]func(old, new string) error{"symbolic": os.Symlink, "hard": os.Link} {
		dir := t.TempDir()
		path, victim := filepath.Join(dir, "x.output"), filepath.Join(dir, "victim")
		precious := bytes.Repeat([]byte("precious"), 100)
		if err := errors.Join(os.WriteFile(victim, precious, 0o600), link(victim, path)); err != nil {
			t.Fatal(err)
		}
		reports := make(chan error, 10)
		tray := spawn.NewTray(path, func(err error) { reports <- err })
		spawner.UseTray(tray)
		f := bear(t, nil, "say", "hello", "wait")
		f.out.await(t, "hello")
		spawner.UseTray(nil)
		tray.Close()
		_ = f.Signal(syscall.SIGKILL, false)
		f.end(t)
		close(reports)
		if err := <-reports; !errors.Is(err, safeopen.ErrLink) {
			t.Errorf("%s: reported %v", name, err)
		}
		if data, err := os.ReadFile(victim); !bytes.Equal(data, precious) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
}
