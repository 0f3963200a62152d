package activation

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/system/sockets"
	"supervisor/supervisord/tools/testkit"
)

// testSet is a set with its log.
type testSet struct {
	*Set
	log testkit.Log
}

func newTestSet(t *testing.T) *testSet {
	t.Helper()
	w := &testSet{log: testkit.Log{Level: slog.LevelInfo}}
	w.Set = New(w.log.Logger(), nil, nil)
	t.Cleanup(func() { w.Close() })
	return w
}

func unixSocket(t *testing.T, name string) *config.ListenSocket {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".sock")
	return &config.ListenSocket{Name: name, Section: "socket:" + name, URL: "unix://" + path, Family: "unix", Path: path,
		Mode: 0o600, UID: -1, GID: -1}
}

// tcpSocket has the kernel choose the port.
func tcpSocket(name string) *config.ListenSocket {
	return &config.ListenSocket{Name: name, Section: "socket:" + name, URL: "tcp://127.0.0.1:0", Family: "tcp", Host: "127.0.0.1", UID: -1, GID: -1}
}

func testProgram(list ...*config.ListenSocket) *config.Process {
	return &config.Process{Name: "p", Command: "server", Policy: config.Policy{Listen: list}}
}

func (w *testSet) provide(t *testing.T, c *config.Process) process.Provision {
	t.Helper()
	one, err := w.Provider(c).Provide()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(one.Release)
	return one
}

func inode(t *testing.T, fd uintptr) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(int(fd), &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func connects(c *config.ListenSocket) bool {
	conn, err := net.Dial(c.Family, c.Path)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

func isBlocking(t *testing.T, fd uintptr) bool {
	t.Helper()
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	if err != nil {
		t.Fatal(err)
	}
	return flags&unix.O_NONBLOCK == 0
}

// testHolder is a process with a child.
type testHolder string

func (h testHolder) FullName() string { return string(h) }

func TestProvide(t *testing.T) {
	t.Parallel()
	w, a, b := newTestSet(t), unixSocket(t, "a"), tcpSocket("b")
	if w.Provider(testProgram()) != nil {
		t.Error("a program without sockets gets some")
	}
	one := w.provide(t, testProgram(a, b))
	if got, want := fmt.Sprint(one.Env, one.ListenPID), "[LISTEN_FDS=2 LISTEN_FDNAMES=a:b] true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(one.Files) != 2 || one.Files[0].FD != 3 || one.Files[1].FD != 4 {
		t.Fatalf("files %v", one.Files)
	}
	again := w.provide(t, testProgram(b, a))
	for i, f := range one.Files {
		if inode(t, f.File.Fd()) != inode(t, again.Files[1-i].File.Fd()) {
			t.Error("there are two sockets of one section")
		}
		if flags, err := unix.FcntlInt(f.File.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("all children inherit it (%v)", err)
		}
		if !isBlocking(t, f.File.Fd()) {
			t.Error("it does not block")
		}
	}
	if !connects(a) {
		t.Error("no process listens")
	}
	if got := w.Describe(a); got.State != "open" {
		t.Errorf("it is %+v", got)
	}
}

func TestListenEnv(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		command string
		env     config.AutoBool
		want    bool
	}{
		{"server", config.Auto, true},
		{"gunicorn --bind fd://3 app", config.Auto, false},
		{"gunicorn --bind fd://3 app", config.Yes, true},
		{"server", config.No, false},
	} {
		w, p := newTestSet(t), testProgram(unixSocket(t, "a"))
		p.Command, p.ListenEnv = tt.command, tt.env
		one := w.provide(t, p)
		if one.ListenPID != tt.want || (len(one.Env) > 0) != tt.want || len(one.Files) != 1 {
			t.Errorf("%s, %v: %+v", tt.command, tt.env, one)
		}
	}
}

// TestBlockingModeWhileUnused: a socket that no child has is made blocking; otherwise it
// keeps the mode that a child has set.
func TestBlockingModeWhileUnused(t *testing.T) {
	t.Parallel()
	w, a := newTestSet(t), unixSocket(t, "a")
	fd := w.provide(t, testProgram(a)).Files[0].File.Fd()
	if err := unix.SetNonblock(int(fd), true); err != nil {
		t.Fatal(err)
	}
	w.setHolder(testHolder("one"), []*config.ListenSocket{a}, true)
	w.setHolder(testHolder("two"), []*config.ListenSocket{a}, true)
	w.setHolder(testHolder("one"), []*config.ListenSocket{a}, false)
	w.provide(t, testProgram(a))
	if isBlocking(t, fd) {
		t.Error("it was made blocking while a child has it")
	}
	w.setHolder(testHolder("two"), []*config.ListenSocket{a}, false)
	w.provide(t, testProgram(a))
	if !isBlocking(t, fd) {
		t.Error("it does not block")
	}
}

func TestKeepOnly(t *testing.T) {
	t.Parallel()
	w, a, b := newTestSet(t), unixSocket(t, "a"), unixSocket(t, "b")
	if !w.IsEmpty() {
		t.Error("it is not empty")
	}
	before := inode(t, w.provide(t, testProgram(a, b)).Files[0].File.Fd())
	same := *a
	w.KeepOnly([]*config.ListenSocket{&same})
	if !connects(a) || w.Describe(b).State != "closed" {
		t.Error("the wrong one is closed")
	}
	if _, err := os.Lstat(b.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
	if inode(t, w.provide(t, testProgram(a)).Files[0].File.Fd()) != before {
		t.Error("it is another one")
	}
	w.Close()
	if _, err := os.Lstat(a.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
}

// TestChangedSection: if the address stays, the socket stays open.
func TestChangedSection(t *testing.T) {
	t.Parallel()
	w, a := newTestSet(t), unixSocket(t, "a")
	a.Backlog = 5
	before := inode(t, w.provide(t, testProgram(a)).Files[0].File.Fd())
	changed := *a
	changed.Mode, changed.Backlog = 0o644, 7
	if inode(t, w.provide(t, testProgram(&changed)).Files[0].File.Fd()) != before {
		t.Error("it is another one")
	}
	info, err := os.Lstat(a.Path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if got := w.Describe(&changed); got.Backlog != 7 && got.Backlog != -1 {
		t.Errorf("the backlog is %d", got.Backlog)
	}
}

func TestListenFailure(t *testing.T) {
	t.Parallel()
	w, a := newTestSet(t), unixSocket(t, "a")
	other, err := net.Listen("unix", a.Path)
	if err != nil {
		t.Fatal(err)
	}
	p := w.Provider(testProgram(tcpSocket("b"), a))
	for range 3 {
		_, err := p.Provide()
		want := "[socket:a] can't listen on " + a.URL + ": another process listens there (address already in use)"
		if err == nil || err.Error() != want {
			t.Fatalf("got %v, want %s", err, want)
		}
	}
	if got := strings.Count(w.log.String(), "can't listen"); got != 1 {
		t.Errorf("the log has it %d times", got)
	}
	info := w.Describe(a)
	if info.State != "failed" || !strings.Contains(info.Error, "another process") {
		t.Errorf("it is %+v", info)
	}
	causes := w.Explain(process.New(process.Options{Config: testProgram(a), Log: w.log.Logger()}))
	if len(causes) != 1 || causes[0] != (api.Reason{Kind: "socket", Text: info.Error}) {
		t.Errorf("causes: %v", causes)
	}
	other.Close()
	w.provide(t, testProgram(a))
	if got := w.Describe(a); got.State != "open" || got.Error != "" {
		t.Errorf("it is %+v", got)
	}
}

// TestRemovedFileIsRecreated: the socket is made anew as soon as no child has it any
// more.
func TestRemovedFileIsRecreated(t *testing.T) {
	t.Parallel()
	w, a := newTestSet(t), unixSocket(t, "a")
	w.provide(t, testProgram(a))
	if err := os.Remove(a.Path); err != nil {
		t.Fatal(err)
	}
	w.setHolder(testHolder("one"), []*config.ListenSocket{a}, true)
	w.provide(t, testProgram(a))
	if connects(a) {
		t.Error("it was made anew while a child has the old one")
	}
	w.setHolder(testHolder("one"), []*config.ListenSocket{a}, false)
	w.provide(t, testProgram(a))
	if !connects(a) {
		t.Error("no process listens")
	}
}

func TestHandover(t *testing.T) {
	t.Parallel()
	w, a, b, c := newTestSet(t), unixSocket(t, "a"), tcpSocket("b"), unixSocket(t, "c")
	old := w.provide(t, testProgram(a, b, c)).Files
	w.provide(t, testProgram(unixSocket(t, "unwanted")))
	waiting, err := net.Dial("unix", a.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	set := descriptors.Set{}
	handedOver := w.HandOver(set)
	w.Close()
	if !connects(a) {
		t.Error("no process listens in between")
	}
	next := New(w.log.Logger(), handedOver, set)
	defer next.Close()
	next.KeepOnly([]*config.ListenSocket{a, b, c})
	if len(next.all) != 3 {
		t.Errorf("%d sockets", len(next.all))
	}
	one, err := next.Provider(testProgram(a, b, c)).Provide()
	if err != nil {
		t.Fatal(err)
	}
	defer one.Release()
	for i, f := range one.Files {
		if inode(t, f.File.Fd()) != inode(t, old[i].File.Fd()) {
			t.Errorf("%d is another one", i)
		}
	}
	conn, _, err := unix.Accept(int(one.Files[0].File.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(conn)
	next.Close()
	if _, err := os.Lstat(a.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file stays: %v", err)
	}
}

// TestNilSet: a nil set does nothing.
func TestNilSet(t *testing.T) {
	t.Parallel()
	var none *Set
	a := unixSocket(t, "a")
	none.KeepOnly(nil)
	none.Recover([]*config.ListenSocket{a}, os.Getpid())
	if none.Provider(testProgram(a)) != nil || !none.IsEmpty() || none.Describe(a).State != "closed" {
		t.Error("it is not empty")
	}
}

// TestConcurrentUse: spawns, changes of the configuration and queries come from different
// goroutines.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	w, a, b := newTestSet(t), unixSocket(t, "a"), unixSocket(t, "b")
	var all sync.WaitGroup
	for i := range 8 {
		list := []*config.ListenSocket{a}
		if i == 0 {
			list = append(list, b)
		}
		all.Go(func() {
			for range 50 {
				one, err := w.Provider(testProgram(list...)).Provide()
				if err != nil {
					t.Error(err)
					return
				}
				if !connects(a) {
					t.Error("no process listens")
				}
				one.Release()
				w.Describe(b)
				if i == 0 {
					w.KeepOnly([]*config.ListenSocket{a})
				}
			}
		})
	}
	all.Wait()
}

// TestSlowFailureIsNotRetriedAtOnce: many processes may need a socket whose name can't be
// looked up, and they take turns.
func TestSlowFailureIsNotRetriedAtOnce(t *testing.T) {
	t.Parallel()
	c := unixSocket(t, "web")
	synctest.Test(t, func(t *testing.T) {
		k := &socket{fd: -1, failure: "the address of db is not known after 2s"}
		_ = k.attempts.Do(func() error {
			time.Sleep(sockets.SlowFailure + 1)
			return errors.New(k.failure)
		})
		log := slog.New(slog.DiscardHandler)
		if _, _, err := k.acquire(c, log, false); err == nil || err.Error() != k.failure {
			t.Errorf("the answer is %v", err)
		}
		time.Sleep(sockets.SlowFailure)
		fd, _, err := k.acquire(c, log, false)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
		k.close(log, true)
	})
}
