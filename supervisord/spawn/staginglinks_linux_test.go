package spawn_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/system/safeopen"
)

// TestStagingFileIsNoLink: what is in the place of the file and leads to another one is
// neither written to nor made longer; the output goes where it belongs without it.
func TestStagingFileIsNoLink(t *testing.T) {
	for name, link := range map[string]func(old, new string) error{"symbolic": os.Symlink, "hard": os.Link} {
		dir := t.TempDir()
		path, victim := filepath.Join(dir, "x.output"), filepath.Join(dir, "victim")
		content := bytes.Repeat([]byte("precious"), 100)
		if err := errors.Join(os.WriteFile(victim, content, 0o600), link(victim, path)); err != nil {
			t.Fatal(err)
		}
		reports := make(chan error, 10)
		staging := output.NewStaging(path, func(err error) { reports <- err })
		spawner.UseStaging(staging)
		f := spawnChild(t, nil, "say", "hello", "wait")
		f.out.await(t, "hello")
		spawner.UseStaging(nil)
		staging.Close()
		_ = f.Signal(syscall.SIGKILL, false)
		f.awaitExit(t)
		close(reports)
		if err := <-reports; !errors.Is(err, safeopen.ErrLink) {
			t.Errorf("%s: reported %v", name, err)
		}
		if data, err := os.ReadFile(victim); !bytes.Equal(data, content) {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
	}
}
