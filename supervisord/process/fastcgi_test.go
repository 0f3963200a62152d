package process

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/system/sockets"
	"supervisor/supervisord/tools/testkit"
)

func unixSocket(path string) *config.FastCGISocket {
	return &config.FastCGISocket{URL: "unix://" + path, Family: "unix", Path: path, Mode: 0o700, UID: -1, GID: -1}
}

// anyPort has the kernel choose the port.
func anyPort() *config.FastCGISocket {
	return &config.FastCGISocket{URL: "tcp://localhost:0", Family: "tcp", Host: "localhost", UID: -1, GID: -1}
}

func acquire(t *testing.T, s *sockets.Shared) *os.File {
	t.Helper()
	f, err := s.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func connects(network, address string) bool {
	c, err := net.Dial(network, address)
	if err == nil {
		c.Close()
	}
	return err == nil
}

func TestSocketClosedByLastUser(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	log := &testkit.Log{}
	s := NewSocket(unixSocket(path), log.Logger())
	for range 2 {
		first, second := acquire(t, s), acquire(t, s)
		if first != second {
			t.Error("two users have two sockets")
		}
		s.Release()
		if !connects("unix", path) {
			t.Error("not listening although there is a user")
		}
		s.Release()
		if connects("unix", path) {
			t.Error("listening without users")
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is left: %v", err)
		}
	}
	want := strings.Repeat("Creating socket unix://"+path+"\nClosing socket unix://"+path+"\n", 2)
	if diff := cmp.Diff(strings.TrimSpace(want), log.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTCPSocket(t *testing.T) {
	t.Parallel()
	s := NewSocket(anyPort(), new(testkit.Log).Logger())
	f := acquire(t, s)
	name, err := unix.Getsockname(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	if !connects("tcp", address) {
		t.Error("not listening")
	}
	s.Release()
	if connects("tcp", address) {
		t.Error("listening after the release")
	}
}

func TestSocketFlags(t *testing.T) {
	t.Parallel()
	for _, conf := range []*config.FastCGISocket{unixSocket(filepath.Join(t.TempDir(), "s")), anyPort()} {
		s := NewSocket(conf, new(testkit.Log).Logger())
		fd := acquire(t, s).Fd()
		defer s.Release()
		if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
			t.Errorf("%s does not block (%v)", conf.Family, err)
		}
		if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("%s is inherited by everybody (%v)", conf.Family, err)
		}
	}
}

func TestSocketOwnerAndMode(t *testing.T) {
	t.Parallel()
	conf := unixSocket(filepath.Join(t.TempDir(), "s"))
	conf.Mode, conf.UID, conf.GID = 0o624, os.Getuid(), os.Getgid()
	if os.Getuid() == 0 {
		conf.UID, conf.GID = 12, 34
	}
	s := NewSocket(conf, new(testkit.Log).Logger())
	acquire(t, s)
	defer s.Release()
	info, err := os.Lstat(conf.Path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o624 {
		t.Errorf("mode %o", got)
	}
	if st := info.Sys().(*syscall.Stat_t); int(st.Uid) != conf.UID || int(st.Gid) != conf.GID {
		t.Errorf("owned by %d:%d", st.Uid, st.Gid)
	}
}

func TestSocketReplacesFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := NewSocket(unixSocket(path), new(testkit.Log).Logger())
	acquire(t, s)
	defer s.Release()
	if !connects("unix", path) {
		t.Error("not listening")
	}
}

func TestSocketKeepsForeignFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	ours := NewSocket(unixSocket(path), new(testkit.Log).Logger())
	theirs := NewSocket(unixSocket(path), new(testkit.Log).Logger())
	acquire(t, ours)
	acquire(t, theirs)
	ours.Release()
	if !connects("unix", path) {
		t.Error("the other one's socket is gone")
	}
	theirs.Release()
}

func TestSocketCreationFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := anyPort()
	port.Port = taken.Addr().(*net.TCPAddr).Port
	long := filepath.Join(dir, strings.Repeat("x", 120))
	for _, tt := range []struct {
		conf *config.FastCGISocket
		want string
	}{
		{unixSocket(dir + "/none/s"), "[Errno 2] No such file or directory"},
		{unixSocket(dir), fmt.Sprintf("[Errno %d] Is a directory: '%s'", int(syscall.EISDIR), dir)},
		{unixSocket(long), "AF_UNIX path too long"},
		{port, fmt.Sprintf("[Errno %d] Address already in use", int(syscall.EADDRINUSE))},
	} {
		s := NewSocket(tt.conf, new(testkit.Log).Logger())
		for range 2 { // a failure leaves nothing behind
			if _, err := s.Acquire(); err == nil || err.Error() != "Could not create FastCGI socket "+tt.conf.URL+": "+tt.want {
				t.Errorf("%s: %v", tt.conf.URL, err)
			}
		}
	}
}

func TestSocketOwnerNotPermitted(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("SKIPPED: root may give files away")
	}
	conf := unixSocket(filepath.Join(t.TempDir(), "s"))
	conf.UID = 0
	_, err := NewSocket(conf, new(testkit.Log).Logger()).Acquire()
	want := fmt.Sprintf("Could not create FastCGI socket %s: Could not change ownership of socket file: "+
		"[Errno 1] Operation not permitted: '%s'", conf.URL, conf.Path)
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(conf.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is left: %v", err)
	}
}

func TestErrnoText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&net.DNSError{IsNotFound: true}, "[Errno -2] Name or service not known"},
		{&net.DNSError{IsTimeout: true}, "[Errno -3] Temporary failure in name resolution"},
		{syscall.EACCES, "[Errno 13] Permission denied"},
		{&fs.PathError{Op: "unlink", Path: "/it's", Err: syscall.EPERM}, `[Errno 1] Operation not permitted: "/it's"`},
		{errors.New("something else"), "something else"},
	} {
		if got := errnoText(tt.err); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

// fakeSocket notes its use in the log of the process.
type fakeSocket struct {
	tp   *testProcess
	fail error
}

func (f *fakeSocket) Acquire() (*os.File, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	f.tp.log.Logger().Info("acquired")
	return os.Stdin, nil
}

func (f *fakeSocket) Adopt(file *os.File) (*os.File, error) {
	f.tp.log.Logger().Info("inherited")
	return file, f.fail
}

func (f *fakeSocket) Release() { f.tp.log.Logger().Info("released") }

func TestSocketAcquireAndRelease(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.Autorestart = config.RestartAlways }, func(t *testing.T, tp *testProcess) {
		tp.opts.Socket = &fakeSocket{tp: tp}
		tp.start(t)
		sleep(time.Second)
		tp.child.exit(1)
		sleep(2 * time.Second)
		if err := tp.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"acquired",
			"spawned: 'p' with pid 101",
			"success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)",
			"exited: p (exit status 1; not expected)",
			"released",
			"acquired",
			"spawned: 'p' with pid 102",
			"success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)",
			"waiting for p to stop",
			"stopped: p (terminated by SIGTERM)",
			"released", // Stop has waited for it
		}
		if diff := cmp.Diff(want, tp.log.Lines()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSocketReleasedAfterSpawnFailure(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.Command, c.StartRetries = "/none", 0 }, func(t *testing.T, tp *testProcess) {
		tp.opts.Socket = &fakeSocket{tp: tp}
		tp.Start("p", false).Wait(t.Context())
		tp.expectState(t, states.Fatal)
		want := []string{
			"acquired",
			"spawnerr: can't find command '/none'",
			"gave up: p entered FATAL state, too many start retries too quickly",
			"released",
		}
		if diff := cmp.Diff(want, tp.log.Lines()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSocketFailureFailsSpawn(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		socket := &fakeSocket{tp: tp, fail: errors.New("no socket today")}
		tp.opts.Socket = socket
		tp.Start("p", false).Wait(t.Context())
		tp.expectState(t, states.Backoff)
		if got := tp.Status().SpawnErr; got != "no socket today" || len(tp.spawned) > 0 {
			t.Errorf("spawnerr %q, %d spawns", got, len(tp.spawned))
		}
	})
}
