package sockets_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"supervisor/supervisord/system/sockets"
)

func TestLinked(t *testing.T) {
	t.Parallel()
	o := sockets.UnixOptions{Path: filepath.Join(t.TempDir(), "s"), Mode: 0o640, UID: -1, GID: -1}
	stale, err := net.Listen("unix", o.Path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := sockets.Linked(o, func() { t.Error("a socket that answers is removed") }); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	removed := 0
	l, file, err := sockets.Linked(o, func() { removed++ })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if info, err := os.Lstat(o.Path); err != nil || info.Mode() != os.ModeSocket|0o640 || removed != 1 {
		t.Errorf("mode %v, %v; %d were removed", info.Mode(), err, removed)
	}
	if entries, _ := os.ReadDir(filepath.Dir(o.Path)); len(entries) != 1 {
		t.Errorf("%d files are there", len(entries))
	}
	if !connects("unix", o.Path) || !file.IsInPlace() {
		t.Error("no process listens, or the file is another one")
	}
	file.Remove()
	if _, err := os.Lstat(o.Path); err == nil {
		t.Error("the file stays")
	}
}
