package notify

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testReceiver is a running receiver and what it has received.
type testReceiver struct {
	*Receiver
	messages chan Received
	stop     func()
}

func newTestReceiver(t *testing.T, dir string) *testReceiver {
	t.Helper()
	l := &testReceiver{messages: make(chan Received, 1000)}
	l.Receiver = NewReceiver(dir, func(h Received) { l.messages <- h })
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); l.Run(ctx) }()
	l.stop = func() { cancel(); <-ran }
	t.Cleanup(func() { l.stop(); l.CloseAll() })
	return l
}

func (l *testReceiver) next(t *testing.T) Received {
	t.Helper()
	select {
	case h := <-l.messages:
		return h
	case <-time.After(testkit.Timeout):
		t.Fatal("nothing is received")
		return Received{}
	}
}

func (l *testReceiver) listen(t *testing.T, name string) string {
	t.Helper()
	path, err := l.Listen(name, os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// send sends a message, as sd_notify does.
func send(t *testing.T, path, text string) {
	t.Helper()
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestMessageOrderAndSender(t *testing.T) {
	t.Parallel()
	l := newTestReceiver(t, filepath.Join(t.TempDir(), "n"))
	one, two := l.listen(t, "one"), l.listen(t, "two")
	if one == two || filepath.Dir(one) != l.dir {
		t.Errorf("paths %s and %s", one, two)
	}
	if info, err := os.Stat(one); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if info, err := os.Stat(l.dir); err != nil || info.Mode().Perm() != 0o711 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	for _, status := range []string{"a", "b", "c"} {
		send(t, one, "STATUS="+status)
		h := l.next(t)
		if h.Name != "one" || h.Status != status || h.From.PID != os.Getpid() || h.From.UID != os.Getuid() {
			t.Errorf("%+v", h)
		}
	}
	send(t, two, "READY=1")
	if h := l.next(t); h.Name != "two" || !h.Ready {
		t.Errorf("%+v", h)
	}
}

// A truncated message is ignored.
func TestTooLongMessage(t *testing.T) {
	t.Parallel()
	l := newTestReceiver(t, filepath.Join(t.TempDir(), "n"))
	path := l.listen(t, "p")
	send(t, path, "READY=1\nX="+strings.Repeat("x", 2*MaxLength))
	if h := l.next(t); h.Ready {
		t.Errorf("%+v", h)
	}
}

// The descriptor of a barrier is closed once its message was read.
func TestBarrier(t *testing.T) {
	t.Parallel()
	l := newTestReceiver(t, filepath.Join(t.TempDir(), "n"))
	path := l.listen(t, "p")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	err = unix.Sendmsg(fd, []byte("BARRIER=1"), unix.UnixRights(int(w.Fd()), int(w.Fd())), &unix.SockaddrUnix{Name: path}, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := io.ReadAll(r); err != nil { // it returns when all copies are closed
		t.Error(err)
	}
	if h := l.next(t); !h.Barrier || h.From.PID != os.Getpid() {
		t.Errorf("%+v", h)
	}
}

func TestPipe(t *testing.T) {
	t.Parallel()
	l := newTestReceiver(t, filepath.Join(t.TempDir(), "n"))
	theirs, err := l.Pipe("p")
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	io.WriteString(theirs, "almost")
	io.WriteString(theirs, " there\nand more")
	if h := l.next(t); h.Name != "p" || !h.Ready || h.Closed {
		t.Errorf("%+v", h)
	}
	if _, err := io.WriteString(theirs, "after the close\n"); err != nil {
		t.Errorf("the program gets %v", err)
	}
	silent, err := l.Pipe("q")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(silent, "no newline")
	silent.Close()
	if h := l.next(t); h.Name != "q" || h.Ready || !h.Closed {
		t.Errorf("%+v", h)
	}
	if l.Has("p") || l.Has("q") {
		t.Error("the pipes are still open")
	}
}

// After a crash the next daemon has the same sockets, and gets what a program has written to
// its pipe meanwhile.
func TestReopenAfterCrash(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "n")
	old := NewReceiver(dir, func(Received) {})
	path, err := old.Listen("p", os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := old.Pipe("q")
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	for _, e := range old.byName { // as the kernel does when a process exits
		unix.Close(e.fd)
	}
	old.poller.Close()
	io.WriteString(theirs, "\n")

	l := newTestReceiver(t, dir)
	if again := l.listen(t, "p"); again != path {
		t.Errorf("%s was %s", again, path)
	}
	send(t, path, "READY=1")
	if h := l.next(t); !h.Ready || h.Name != "p" {
		t.Errorf("%+v", h)
	}
	if err := l.ReopenPipe("q", os.Getpid(), int(theirs.Fd())); err != nil {
		t.Fatal(err)
	}
	if h := l.next(t); !h.Ready || h.Name != "q" {
		t.Errorf("%+v", h)
	}
	if err := l.ReopenPipe("r", os.Getpid(), 2000); err == nil {
		t.Error("a closed descriptor was reopened")
	}
	l.stop()
	l.CloseAll()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
}

// What is sent between HandOver and Restore is received afterwards.
func TestHandOver(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "n")
	old := newTestReceiver(t, dir)
	path := old.listen(t, "p")
	gone := old.listen(t, "gone")
	theirs, err := old.Pipe("q")
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	old.stop()
	set := descriptors.Set{}
	handedOver := old.HandOver(set, func(name string) bool { return name != "gone" })
	if len(handedOver) != 2 {
		t.Fatalf("%+v", handedOver)
	}
	if _, err := os.Stat(gone); !os.IsNotExist(err) {
		t.Error(err)
	}
	send(t, path, "READY=1")
	io.WriteString(theirs, "\n")
	l := newTestReceiver(t, dir)
	if err := l.Restore(handedOver, set); err != nil {
		t.Fatal(err)
	}
	received := map[string]bool{}
	for range 2 {
		h := l.next(t)
		received[h.Name] = h.Ready
	}
	if !received["p"] || !received["q"] {
		t.Errorf("received %v", received)
	}
	l.listen(t, "p")
	send(t, path, "STATUS=x")
	if h := l.next(t); h.Status != "x" {
		t.Errorf("%+v", h)
	}
}

// Listen drops what was sent before.
func TestListenDropsOldMessages(t *testing.T) {
	t.Parallel()
	h := NewReceiver(filepath.Join(t.TempDir(), "n"), func(Received) { t.Error("received") })
	defer h.CloseAll()
	path, err := h.Listen("p", os.Geteuid())
	if err != nil {
		t.Fatal(err)
	}
	send(t, path, "READY=1")
	if _, err := h.Listen("p", os.Geteuid()); err != nil {
		t.Fatal(err)
	}
	if _, ok := receive(h.byName["p"].fd); ok {
		t.Error("it is still there")
	}
	os.Remove(path)
	if _, err := h.Listen("p", os.Geteuid()); err != nil {
		t.Fatal(err)
	}
	send(t, path, "READY=1")
}

func TestUnusableDirectories(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for want, path := range map[string]string{
		"too long":                filepath.Join(dir, strings.Repeat("x", 100)),
		"make the directory":      filepath.Join(dir, "none", "n"),
		"belongs to another user": filepath.Join(dir, "open"),
	} {
		if strings.HasSuffix(path, "open") {
			os.Mkdir(path, 0o777)
			os.Chmod(path, 0o777)
		}
		if _, err := NewReceiver(path, nil).Listen("p", os.Geteuid()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDescendsFrom(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	sender := func(pid int) *Sender { return &Sender{PID: pid, ancestors: ancestorsOf(pid)} }
	for _, tt := range []struct {
		pid, child int
		yes        bool
	}{{pid, pid, true}, {pid, syscall.Getpgrp(), true}, {os.Getpid(), pid, false}} {
		if yes, known := sender(tt.pid).DescendsFrom(tt.child); yes != tt.yes || !known {
			t.Errorf("%+v: %v, %v", tt, yes, known)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	if yes, known := sender(pid).DescendsFrom(os.Getpid()); yes || known {
		t.Errorf("after its exit: %v, %v", yes, known)
	}
}
