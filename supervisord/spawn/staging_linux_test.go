package spawn_test

import (
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
)

// blockedOutput is an output that takes nothing until it is let go.
type blockedOutput struct {
	offered, release chan struct{}
}

func (s *blockedOutput) Write([]byte) {
	s.offered <- struct{}{}
	<-s.release
}

// What was read from a pipe and not passed on is there for the next daemon,
// however many outputs are slow.
func TestStagedOutputReachesNextDaemon(t *testing.T) {
	const children = 50
	path := filepath.Join(t.TempDir(), "tray")
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
		adopted, err := nextSpawner.Adopt(&spawn.Orphan{PID: f.Pid(), ProcessIdentity: f.Identity()}, &spawn.Spec{Stdout: out, Stderr: newSink()})
		if err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != "on its way\n" {
			t.Errorf("child %d has said %q", i, got)
		}
		defer func() { <-adopted.Exited() }()
		defer f.Signal(syscall.SIGKILL, false)
	}
}
