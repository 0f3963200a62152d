package spawn_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/system/safeopen"
)

// blockedOutput is a sink that blocks until it is released.
type blockedOutput struct {
	offered, release chan struct{}
}

func (s *blockedOutput) Write([]byte) {
	s.offered <- struct{}{}
	<-s.release
}

// The next daemon passes on what was read from a pipe and not passed on, however many sinks
// were slow.
func TestStagedOutputReachesNextDaemon(t *testing.T) {
	const children = 50
	path := filepath.Join(t.TempDir(), "staging")
	report := func(err error) { t.Error(err) }
	first := output.NewStaging(path, report)
	spawner.UseStaging(first)
	defer spawner.UseStaging(nil)
	slow := &blockedOutput{offered: make(chan struct{}), release: make(chan struct{})}
	var list []testChild
	for range children {
		f := spawnChild(t, func(s *spawn.Spec) { s.Stdout = slow }, "say", "on its way", "wait")
		defer f.awaitExit(t)
		defer f.Signal(syscall.SIGKILL, false)
		list = append(list, f)
		<-slow.offered
	}
	defer first.Close()
	defer close(slow.release)

	second := output.NewStaging(path, report)
	defer second.Close()
	nextSpawner := spawn.New(slog.New(slog.DiscardHandler))
	nextSpawner.UseStaging(second)
	for i, f := range list {
		out := newSink()
		adopted, err := nextSpawner.Adopt(&spawn.Orphan{PID: f.Pid(), ChildState: spawn.ChildState{ProcessIdentity: f.Identity()}}, &spawn.Spec{Stdout: out, Stderr: newSink()})
		if err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != "on its way\n" {
			t.Errorf("child %d: got %q", i, got)
		}
		defer func() { <-adopted.Exited() }()
		defer f.Signal(syscall.SIGKILL, false)
	}
}

// A link in the place of the staging file is not followed. The output is passed on without
// the file.
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
