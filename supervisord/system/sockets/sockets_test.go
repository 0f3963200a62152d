package sockets_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/sockets"
)

func connects(network, address string) bool {
	c, err := net.Dial(network, address)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func port(t *testing.T, fd int) int {
	t.Helper()
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return name.Port
	case *unix.SockaddrInet6:
		return name.Port
	}
	t.Fatalf("%T", name)
	return 0
}

func tcp(t *testing.T, o sockets.TCPOptions) int {
	t.Helper()
	fd, err := sockets.TCP(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func haveIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

func TestTCP(t *testing.T) {
	t.Parallel()
	for host, want := range map[string][]string{
		"127.0.0.1": {"127.0.0.1"},
		"0.0.0.0":   {"127.0.0.1"},
		"localhost": {"localhost"},
		"":          {"127.0.0.1", "::1"},
		"::1":       {"::1"},
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(strings.Join(want, " "), ":") && !haveIPv6() {
				t.Skip("SKIPPED: there is no IPv6 here")
			}
			fd := tcp(t, sockets.TCPOptions{Host: host})
			for _, address := range want {
				if to := net.JoinHostPort(address, fmt.Sprint(port(t, fd))); !connects("tcp", to) {
					t.Errorf("nobody listens at %s", to)
				}
			}
		})
	}
}

func TestTCPDescriptorFlags(t *testing.T) {
	t.Parallel()
	fd := tcp(t, sockets.TCPOptions{Host: "127.0.0.1"})
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("it does not block (%v)", err)
	}
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("it is inherited by everybody (%v)", err)
	}
}

func TestReusePort(t *testing.T) {
	t.Parallel()
	one := tcp(t, sockets.TCPOptions{Host: "127.0.0.1", ReusePort: true})
	again := sockets.TCPOptions{Host: "127.0.0.1", Port: port(t, one)}
	if fd, err := sockets.TCP(t.Context(), again); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("without reuse_port: %d, %v", fd, err)
	}
	again.ReusePort = true
	tcp(t, again)
}

func TestUnknownHost(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sockets.TCP(ctx, sockets.TCPOptions{Host: "no.such.host.invalid", Port: 1}); err == nil {
		t.Error("it listens")
	}
}

func TestUnix(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	o := sockets.UnixOptions{Path: path, Mode: 0o640, UID: -1, GID: -1}
	fd, file, err := sockets.Unix(o)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if !connects("unix", path) || !file.IsInPlace() {
		t.Error("no process listens")
	}
	if _, _, err := sockets.Unix(o); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a second one: %v", err)
	}
	if !connects("unix", path) {
		t.Error("the second one has taken the place of the first")
	}
	o.Replace = true
	other, second, err := sockets.Unix(o)
	if err != nil {
		t.Fatal(err)
	}
	file.Remove()
	if !second.IsInPlace() {
		t.Error("the file of another has been removed")
	}
	unix.Close(fd)
	unix.Close(other) // as a crash does: the file stays
	o.Replace = false
	fd, third, err := sockets.Unix(o)
	if err != nil {
		t.Fatalf("over a stale file: %v", err)
	}
	defer unix.Close(fd)
	third.Remove()
	if third.IsInPlace() {
		t.Error("the file stays")
	}
}

func TestUnixErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		path:                            sockets.ErrNotSocket,
		filepath.Join(dir, "none", "s"): syscall.ENOENT,
		"/" + strings.Repeat("x", 200):  sockets.ErrPathTooLong,
	} {
		if _, _, err := sockets.Unix(sockets.UnixOptions{Path: path, UID: -1, GID: -1}); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("the file: %q, %v", text, err)
	}
}

func TestUnixOwnerDenied(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("SKIPPED: root may give a file to anybody")
	}
	path := filepath.Join(t.TempDir(), "s")
	_, _, err := sockets.Unix(sockets.UnixOptions{Path: path, UID: 0, GID: 0})
	if file, ok := errors.AsType[*sockets.FileError](err); !ok || file.What != "ownership" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the file stays")
	}
}
