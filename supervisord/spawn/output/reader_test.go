package output

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/pipes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const timeout = 30 * time.Second

// sink collects the pieces of an output.
type sink struct {
	mu     sync.Mutex
	text   bytes.Buffer
	pieces chan int // their sizes
}

func newSink() *sink { return &sink{pieces: make(chan int, 1000)} }

func (s *sink) Write(data []byte) {
	s.mu.Lock()
	s.text.Write(data)
	s.mu.Unlock()
	s.pieces <- len(data)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *sink) await(t *testing.T, text string) {
	t.Helper()
	limit := time.After(timeout)
	for !strings.Contains(s.String(), text) {
		select {
		case <-s.pieces:
		case <-limit:
			t.Fatalf("waited for %q, got %q", text, s)
		}
	}
}

// newReader returns a started Reader and the end of its pipe to write to.
func newReader(tb testing.TB, w Sink) (*Reader, *os.File) {
	tb.Helper()
	return newReaderStaged(tb, w, nil)
}

func newReaderStaged(tb testing.TB, w Sink, staging *Staging) (*Reader, *os.File) {
	tb.Helper()
	poller, err := epoll.New()
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { poller.Run(ctx) })
	var fds [2]int
	if err := pipes.Make(fds[:], unix.O_NONBLOCK); err != nil {
		tb.Fatal(err)
	}
	r := NewReader(poller, fds[0], 1, w, staging)
	writer := os.NewFile(uintptr(fds[1]), "pipe")
	tb.Cleanup(func() {
		writer.Close()
		<-r.Drain()
		cancel()
		running.Wait()
	})
	r.Start()
	return r, writer
}

func TestOutputIsPassedOnInOrder(t *testing.T) {
	s := newSink()
	_, w := newReader(t, s)
	var want strings.Builder
	for i := range 1000 {
		line := strings.Repeat("x", i) + "\n"
		want.WriteString(line)
		if _, err := w.WriteString(line); err != nil {
			t.Fatal(err)
		}
	}
	s.await(t, want.String())
	if s.String() != want.String() {
		t.Errorf("got %d bytes, want %d", len(s.String()), want.Len())
	}
}

func TestOnEndIsCalledAtTheEnd(t *testing.T) {
	s := newSink()
	ended := make(chan bool, 1)
	poller, err := epoll.New()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { poller.Run(ctx) })
	defer running.Wait()
	defer cancel()
	var fds [2]int
	if err := pipes.Make(fds[:], unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	r := NewReader(poller, fds[0], 1, s, nil)
	r.OnEnd(func() { ended <- true })
	r.Start()
	w := os.NewFile(uintptr(fds[1]), "pipe")
	_, _ = w.WriteString("the end\n")
	w.Close()
	select {
	case <-ended:
	case <-time.After(timeout):
		t.Fatal("not called")
	}
	if s.String() != "the end\n" {
		t.Errorf("got %q", s)
	}
}

func TestDrainReadsWhatIsInThePipe(t *testing.T) {
	s := newSink()
	r, w := newReader(t, s)
	_, _ = w.WriteString("left in the pipe")
	<-r.Drain() // though the other end is still open
	if s.String() != "left in the pipe" {
		t.Errorf("got %q", s)
	}
	if _, err := w.WriteString("x"); err == nil {
		t.Error("the read end is still open")
	}
}

func TestEndIfEmpty(t *testing.T) {
	s := newSink()
	blocked := make(chan bool)
	r, w := newReader(t, sinkFunc(func(data []byte) {
		s.Write(data)
		<-blocked
	}))
	_, _ = w.WriteString("x")
	<-s.pieces
	if r.EndIfEmpty() {
		t.Error("ended while its sink was busy")
	}
	close(blocked)
	for limit := time.Now().Add(timeout); !r.EndIfEmpty(); runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatal("not ended")
		}
	}
}

type sinkFunc func([]byte)

func (f sinkFunc) Write(data []byte) { f(data) }

func TestHandOverGoesOnWithTheNextByte(t *testing.T) {
	first, second := newSink(), newSink()
	r, w := newReader(t, first)
	_, _ = w.WriteString("one ")
	first.await(t, "one ")
	fd, err := r.HandOver()
	if err != nil || fd < 0 {
		t.Fatal(fd, err)
	}
	_, _ = w.WriteString("two")
	next := NewReader(r.poller, fd, 1, second, nil)
	next.Start()
	second.await(t, "two")
	w.Close()
	<-next.Drain()
	if first.String() != "one " || second.String() != "two" {
		t.Errorf("got %q and %q", first, second)
	}
}

// gatedSink takes a piece only after it was released.
type gatedSink struct {
	offered, release chan struct{}
	taken            atomic.Int64 // bytes
}

func newGatedSink() *gatedSink {
	return &gatedSink{offered: make(chan struct{}, 1), release: make(chan struct{})}
}

func (s *gatedSink) Write(data []byte) {
	s.offered <- struct{}{}
	<-s.release
	s.taken.Add(int64(len(data)))
}

// What a slow sink has not taken stays in the staging file for the next daemon, also if the
// sink drops it later, because it was closed meanwhile.
func TestHandOverLeavesStagedOutput(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there are no staging buffers on this system")
	}
	path := filepath.Join(t.TempDir(), "staging")
	staging := NewStaging(path, func(err error) { t.Error(err) })
	slow := newGatedSink()
	r, w := newReaderStaged(t, slow, staging)
	_, _ = w.WriteString("on its way\n")
	<-slow.offered
	fd, err := r.HandOver()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	close(slow.release)
	<-r.Drain()

	next := NewStaging(path, func(err error) { t.Error(err) })
	s := newSink()
	next.Recover(r.Inode(), s)
	if s.String() != "on its way\n" {
		t.Errorf("the next daemon got %q", s)
	}
}

// Without a staging file HandOver waits for the sink.
func TestHandOverWaitsForUnstagedOutput(t *testing.T) {
	slow := newGatedSink()
	r, w := newReader(t, slow)
	_, _ = w.WriteString("on its way\n")
	<-slow.offered
	returned := make(chan int64)
	go func() {
		fd, _ := r.HandOver()
		unix.Close(fd)
		returned <- slow.taken.Load()
	}()
	select {
	case <-returned:
		t.Error("it did not wait")
	case <-time.After(3 * handOverTimeout):
		close(slow.release)
		if taken := <-returned; taken == 0 {
			t.Error("it did not wait")
		}
	}
}

// BenchmarkLine writes a line to a pipe and waits until it is passed on.
func BenchmarkLine(b *testing.B) {
	passedOn := make(chan int)
	_, w := newReader(b, sinkFunc(func(data []byte) { passedOn <- len(data) }))
	line := []byte("a line of output\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(line); err != nil {
			b.Fatal(err)
		}
		<-passedOn
	}
}
