package spawn_test

import (
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn"
)

// stuck is an output that takes nothing until it is let go.
type stuck struct {
	offered, letGo chan struct{}
}

func (s *stuck) Write([]byte) {
	s.offered <- struct{}{}
	<-s.letGo
}

// What was read from a pipe and not passed on is there for the next daemon,
// however many outputs are slow.
func TestOutputOnItsWayIsLeftToTheNextDaemon(t *testing.T) {
	const children = 50
	path := filepath.Join(t.TempDir(), "tray")
	report := func(err error) { t.Error(err) }
	first := spawn.NewTray(path, report)
	spawner.UseTray(first)
	defer spawner.UseTray(nil)
	slow := &stuck{offered: make(chan struct{}), letGo: make(chan struct{})}
	var list []family
	for range children {
		f := bear(t, func(s *spawn.Spec) { s.Stdout = slow }, "say", "on its way", "wait")
		defer f.end(t)
		defer f.Signal(syscall.SIGKILL, false)
		list = append(list, f)
		<-slow.offered
	}
	defer first.Close()
	defer close(slow.letGo)

	second := spawn.NewTray(path, report)
	defer second.Close()
	later := spawn.New(slog.New(slog.DiscardHandler))
	later.UseTray(second)
	for i, f := range list {
		out := newSink()
		adopted, err := later.Adopt(&spawn.Orphan{PID: f.Pid(), Traces: f.Traces()}, &spawn.Spec{Stdout: out, Stderr: newSink()})
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
