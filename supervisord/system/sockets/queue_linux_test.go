package sockets_test

import (
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/sockets"
)

func TestQueue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	local, _, err := sockets.Unix(sockets.UnixOptions{Path: path, Mode: 0o700, UID: -1, GID: -1, Backlog: 7})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(local)
	remote := tcp(t, sockets.TCPOptions{Host: "127.0.0.1", Backlog: 7})
	for _, tt := range []struct {
		fd               int
		network, address string
	}{
		{local, "unix", path},
		{remote, "tcp", "127.0.0.1:" + strconv.Itoa(port(t, remote))},
	} {
		for want := range 4 {
			if queued, limit, err := sockets.Queue(tt.fd); err != nil || queued != want || limit != 7 {
				t.Errorf("%s: %d of %d (%v), want %d of 7", tt.network, queued, limit, err, want)
			}
			c, err := net.Dial(tt.network, tt.address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
	}
}

// TestFileOf: the file of a socket that another process made is told apart from the file of
// another socket.
func TestFileOf(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	o := sockets.UnixOptions{Path: path, Mode: 0o700, UID: -1, GID: -1, Replace: true}
	first, _, err := sockets.Unix(o)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(first)
	if sockets.FileOf(first, path) == nil {
		t.Error("it is not recognized")
	}
	second, _, err := sockets.Unix(o)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(second)
	if sockets.FileOf(first, path) != nil || sockets.FileOf(second, path) == nil {
		t.Error("one is taken for the other")
	}
}
