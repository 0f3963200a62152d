package httpd

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/config"
)

// bind binds a server to a unix socket, and returns what was written to stderr.
func bind(t *testing.T, change func(*config.Server)) (*Servers, string, error) {
	t.Helper()
	c := config.Server{Section: "unix_http_server", Family: "unix", Path: filepath.Join(t.TempDir(), "s"), Mode: 0o700, UID: -1, GID: -1}
	change(&c)
	var stderr bytes.Buffer
	s, err := Listen([]config.Server{c}, Options{Log: newLog().Logger(), Stderr: &stderr})
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	entries, _ := os.ReadDir(filepath.Dir(c.Path))
	for _, e := range entries {
		if strings.Contains(e.Name(), ".") {
			t.Error("left behind:", e.Name())
		}
	}
	return s, stderr.String(), err
}

func TestSocketHasItsMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []uint32{0o700, 0o777, 0o600, 0o660, 0} {
		s, stderr, err := bind(t, func(c *config.Server) { c.Mode = mode })
		if err != nil || stderr != "" {
			t.Fatal(err, stderr)
		}
		path := s.endpoints[0].Path
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != fs.ModeSocket|fs.FileMode(mode) {
			t.Errorf("%o: %v, %v", mode, info.Mode(), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("still there:", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSocketHasItsOwner(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root may give a socket away")
	}
	s, _, err := bind(t, func(c *config.Server) { c.UID, c.GID, c.Mode = 65534, 12345, 0o770 })
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(s.endpoints[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	if ep := info.Sys().(*syscall.Stat_t); ep.Uid != 65534 || ep.Gid != 12345 || info.Mode().Perm() != 0o770 {
		t.Error(ep.Uid, ep.Gid, info.Mode())
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	t.Parallel()
	stale := map[string]func(path string) error{
		"socket": func(path string) error {
			l, err := net.Listen("unix", path)
			if err == nil {
				l.(*net.UnixListener).SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		},
		"file":          func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"dangling link": func(path string) error { return os.Symlink("nowhere", path) },
	}
	for name, leave := range stale {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var path string
			_, stderr, err := bind(t, func(c *config.Server) {
				path = c.Path
				if err := leave(path); err != nil {
					t.Fatal(err)
				}
			})
			if err != nil || stderr != "Unlinking stale socket "+path+"\n" {
				t.Errorf("%q, %v", stderr, err)
			}
			if conn, err := net.Dial("unix", path); err != nil {
				t.Error(err)
			} else {
				conn.Close()
			}
		})
	}
}

func TestSocketInUseIsLeftAlone(t *testing.T) {
	t.Parallel()
	first, _, err := bind(t, func(*config.Server) {})
	if err != nil {
		t.Fatal(err)
	}
	path := first.endpoints[0].Path
	_, stderr, err := bind(t, func(c *config.Server) { c.Path = path })
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.HasPrefix(err.Error(), "Another program is already listening") || stderr != "" {
		t.Error(err, stderr)
	}
	if conn, err := net.Dial("unix", path); err != nil {
		t.Error(err)
	} else {
		conn.Close()
	}
}

// TestForeignSocketIsNotRemoved: another daemon replaces the socket before the first one
// closes.
func TestForeignSocketIsNotRemoved(t *testing.T) {
	t.Parallel()
	first, _, err := bind(t, func(*config.Server) {})
	if err != nil {
		t.Fatal(err)
	}
	path := first.endpoints[0].Path
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := bind(t, func(c *config.Server) { c.Path = path }); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

func TestBindFailureClosesOthers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	servers := []config.Server{
		{Family: "unix", Path: path, Mode: 0o700, UID: -1, GID: -1},
		{Family: "unix", Path: filepath.Join(path, "below", "a", "file"), UID: -1, GID: -1},
	}
	if _, err := Listen(servers, Options{Log: newLog().Logger(), Stderr: &bytes.Buffer{}}); err == nil {
		t.Fatal("no error")
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestBindErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "missing", "s"):             "Cannot open an HTTP server: socket.error reported errno.ENOENT (2)",
		filepath.Join(dir, "file", "s"):                "Cannot open an HTTP server: socket.error reported errno.ENOTDIR (20)",
		filepath.Join(dir, strings.Repeat("long", 25)): "Cannot open an HTTP server: socket.error reported AF_UNIX path too long",
		dir: "Cannot open an HTTP server: socket.error reported errno.EISDIR (21)",
	} {
		_, _, err := bind(t, func(c *config.Server) { c.Path = path })
		if _, ok := errors.AsType[*BindError](err); !ok || err.Error() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	for want, err := range map[string]error{
		"Cannot open an HTTP server: socket.error reported -2":                &net.OpError{Err: &net.DNSError{IsNotFound: true}},
		"Cannot open an HTTP server: socket.error reported -3":                &net.OpError{Err: &net.DNSError{IsTemporary: true}},
		"Cannot open an HTTP server: socket.error reported errno.EACCES (13)": &net.OpError{Err: os.NewSyscallError("bind", syscall.EACCES)},
	} {
		if got := (&BindError{err}).Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestChownNotPermitted(t *testing.T) {
	t.Parallel()
	got := (&BindError{&chownError{"/s", 1, 2}}).Error()
	if !strings.HasPrefix(got, `Not permitted to chown /s to uid/gid (1, 2); adjust "sockchown" value in config file or on command line to values that the current user (`) ||
		!strings.HasSuffix(got, ") can successfully chown") {
		t.Error(got)
	}
}

// TestLongPaths: a path of any length that fits into an address can be used, however it
// is divided between directory and name.
func TestLongPaths(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: only Linux has a short name for every directory")
	}
	t.Parallel()
	root, err := os.MkdirTemp("/tmp", "long")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	for _, size := range []int{98, 99, 100, 101, 103, 106, 107} {
		for _, name := range []int{1, 9, 40} {
			dir := filepath.Join(root, strings.Repeat("d", size-name-len(root)-2))
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, strings.Repeat("n", name))
			in := serve(t, nil, func(c *config.Server) { c.Path = path })
			in.path = path
			if resp, body := in.request(t, "POST /RPC2 HTTP/1.0\r\nContent-Length: 1\r\n\r\na"); len(path) != size || resp.StatusCode != 200 || body != "POST a" {
				t.Errorf("%d bytes: %d %s", len(path), resp.StatusCode, body)
			}
			if left, err := filepath.Glob(filepath.Join(dir, "*.new*")); err != nil || len(left) > 0 {
				t.Errorf("%d bytes: %q, %v", size, left, err)
			}
		}
	}
}
