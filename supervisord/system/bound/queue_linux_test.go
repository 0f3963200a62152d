package bound_test

import (
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/bound"
)

func TestQueue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	local, _, err := bound.Unix(bound.UnixOptions{Path: path, Mode: 0o700, UID: -1, GID: -1, Backlog: 7})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(local)
	remote := tcp(t, bound.TCPOptions{Host: "127.0.0.1", Backlog: 7})
	for _, tt := range []struct {
		fd               int
		network, address string
	}{
		{local, "unix", path},
		{remote, "tcp", "127.0.0.1:" + strconv.Itoa(port(t, remote))},
	} {
		for want := range 4 {
			if queued, limit, err := bound.Queue(tt.fd); err != nil || queued != want || limit != 7 {
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

// TestFileOf: the file of a socket that came from elsewhere is known from
// that of another.
func TestFileOf(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	o := bound.UnixOptions{Path: path, Mode: 0o700, UID: -1, GID: -1, Replace: true}
	first, _, err := bound.Unix(o)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(first)
	if bound.FileOf(first, path) == nil {
		t.Error("it is not recognized")
	}
	second, _, err := bound.Unix(o)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(second)
	if bound.FileOf(first, path) != nil || bound.FileOf(second, path) == nil {
		t.Error("one is taken for the other")
	}
}
