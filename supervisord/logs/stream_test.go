package logs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// openStream opens a stream that is closed at the end of the test.
func openStream(t testing.TB, o StreamOptions) *Stream {
	t.Helper()
	s := NewStream(o)
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStreamDelivers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	var calls []string
	call := func(name string) func([]byte) {
		return func(p []byte) { calls = append(calls, name+" "+string(p)) }
	}
	s := openStream(t, StreamOptions{
		Path: path, StripANSI: true, CaptureMaxBytes: 100,
		Debug: call("debug"), Output: call("output"), Captured: call("captured"),
	})
	s.Write([]byte("\x1b[1mbefore" + beginToken + "secret" + endToken + "after"))
	s.Write(nil)
	s.Write([]byte("\x1b[m"))
	s.Write([]byte("<!--"))
	s.Flush()
	s.Flush()
	want := []string{
		"debug before", "output before",
		"debug secret", "output secret", "captured secret",
		"debug after", "output after",
		"debug ", "output ", // Supervisor, too, reports output that was nothing but colour
		"debug <!--", "output <!--",
	}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got := contents(t, path); got != "beforeafter<!--" {
		t.Errorf("log %q", got)
	}
}

func TestStreamKeepsEveryByte(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	s := openStream(t, StreamOptions{Path: path})
	const text = "\x00\x01\xff\xfe\r\n\x1b[31m" + beginToken + "<!--XSUP"
	s.Write([]byte(text))
	if got := contents(t, path); got != text {
		t.Errorf("log %q", got)
	}
}

func TestStreamIsOpenedForEachChild(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	s := NewStream(StreamOptions{Path: path, CaptureMaxBytes: 10, StripANSI: true})
	if got := contents(t, path); got != "<no file>" {
		t.Errorf("before the start the log has %q", got)
	}
	for range 2 {
		if err := s.Open(); err != nil {
			t.Fatal(err)
		}
		s.Write([]byte("run\n\x1b[3" + beginToken + "unfinished\x1b[3")) // and never flushed
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s.Write([]byte("late"))
	}
	if got := contents(t, path); got != "run\nrun\n" {
		t.Errorf("log %q", got)
	}
}

func TestStreamCannotBeOpened(t *testing.T) {
	t.Parallel()
	s := NewStream(StreamOptions{Path: t.TempDir()})
	if err := s.Open(); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("Open: %v", err)
	}
}

func TestStreamWithoutFile(t *testing.T) {
	t.Parallel()
	var output string
	s := openStream(t, StreamOptions{Output: func(p []byte) { output += string(p) }})
	s.Write([]byte("hello"))
	if err := errors.Join(s.Reopen(), s.Clear(), s.Close()); err != nil {
		t.Error(err)
	}
	if output != "hello" || s.Path() != "" || s.Changed() != nil {
		t.Errorf("heard %q, path %q, changed %v", output, s.Path(), s.Changed())
	}
}

func TestStreamClear(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	var captured string
	s := openStream(t, StreamOptions{Path: path, CaptureMaxBytes: 100, Captured: func(p []byte) { captured = string(p) }})
	s.Write([]byte("old" + beginToken + "old"))
	if err := s.Clear(); err != nil {
		t.Fatal(err)
	}
	s.Write([]byte("new" + endToken + "new"))
	if got := contents(t, path); got != "new" || captured != "new" {
		t.Errorf("log %q, captured %q", got, captured)
	}
	if err := errors.Join(s.Close(), s.Clear()); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, path); got != "" {
		t.Errorf("cleared while it is closed the log has %q", got)
	}
}

func TestStreamReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	s := openStream(t, StreamOptions{Path: path})
	s.Write([]byte("one"))
	if err := errors.Join(os.Rename(path, path+".old"), s.Reopen()); err != nil {
		t.Fatal(err)
	}
	s.Write([]byte("two"))
	if one, two := contents(t, path+".old"), contents(t, path); one != "one" || two != "two" {
		t.Errorf("old %q, new %q", one, two)
	}
}

func TestFullDiskDoesNotStopTheStream(t *testing.T) {
	t.Parallel()
	var output int
	var reports []error
	s := openStream(t, StreamOptions{
		Path:   "/dev/full",
		Output: func(p []byte) { output += len(p) },
		Report: func(err error) { reports = append(reports, err) },
	})
	for range 100 {
		s.Write([]byte("0123456789"))
	}
	if output != 1000 || len(reports) != 1 || !errors.Is(reports[0], syscall.ENOSPC) {
		t.Errorf("heard %d bytes, reports %v", output, reports)
	}
}

// A callback may use the stream: no lock is held while it runs.
func TestCallbacksMayUseStream(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	var s *Stream
	use := func([]byte) {
		<-func() <-chan struct{} { c := s.Changed(); s.Reopen(); return c }()
		if err := errors.Join(s.Clear(), s.Reopen()); err != nil {
			t.Error(err)
		}
	}
	s = openStream(t, StreamOptions{
		Path: path, MaxBytes: 1, CaptureMaxBytes: 10, StripANSI: true,
		Debug: use, Output: use, Captured: use,
		Report: func(error) { use(nil) },
	})
	s.Write([]byte("x" + beginToken + "y" + endToken + "z"))
	s.Flush()
}

func TestStreamConcurrentUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	s := openStream(t, StreamOptions{
		Path: path, MaxBytes: 200, Backups: 2, CaptureMaxBytes: 10, StripANSI: true,
		Output: func([]byte) {}, Captured: func([]byte) {}, Report: func(error) {},
	})
	var all sync.WaitGroup
	for _, use := range []func(){
		func() { s.Write([]byte("\x1b[1mfrom here\x1b" + beginToken[:9])) },
		func() { s.Write([]byte(beginToken + "from there" + endToken)) },
		func() { s.Flush() },
		func() { s.Close(); s.Open() },
		func() { s.Reopen() },
		func() { s.Clear() },
		func() { s.Changed() },
	} {
		all.Go(func() {
			for range 200 {
				use()
			}
		})
	}
	all.Wait()
	s.Flush()
	if err := errors.Join(s.Close(), s.Clear(), s.Open()); err != nil {
		t.Fatal(err)
	}
	s.Write([]byte("fine"))
	if got := contents(t, path); got != "fine" {
		t.Errorf("log %q", got)
	}
}

func TestStreamWriteDoesNotAllocate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "o.log")
	chunk := []byte(strings.Repeat("a line of output <p>\n", 50))
	for name, o := range map[string]StreamOptions{
		"plain":              {Path: path, MaxBytes: 1 << 30, Backups: 10},
		"near its full size": {Path: path, MaxBytes: 1 << 20},
		"with events":        {Path: path, Output: func([]byte) {}},
		"capture mode":       {Path: path, CaptureMaxBytes: 1 << 20},
		"stripped":           {Path: path, StripANSI: true},
		"discarded":          {},
	} {
		s := openStream(t, o)
		if n := testing.AllocsPerRun(100, func() { s.Write(chunk) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkStreamWrite(b *testing.B) {
	line := []byte("2024-03-01 04:05:06 INFO a line as programs write them, of a usual length\n")
	colour := []byte("\x1b[32m2024-03-01 04:05:06\x1b[0m a coloured line as programs write them, of a usual length\n")
	for _, bench := range []struct {
		name  string
		o     StreamOptions
		chunk []byte
	}{
		{"discarded", StreamOptions{}, line},
		{"line", StreamOptions{Path: "/dev/null"}, line},
		{"chunk", StreamOptions{Path: "/dev/null"}, make([]byte, 128<<10)},
		{"capture", StreamOptions{Path: "/dev/null", CaptureMaxBytes: 1 << 20}, line},
		{"strip/plain", StreamOptions{Path: "/dev/null", StripANSI: true}, line},
		{"strip/colour", StreamOptions{Path: "/dev/null", StripANSI: true}, colour},
		{"file", StreamOptions{Path: "o.log", MaxBytes: 50 << 20, Backups: 1}, line},
		{"small file", StreamOptions{Path: "o.log", MaxBytes: 64 << 10, Backups: 1}, line},
	} {
		b.Run(bench.name, func(b *testing.B) {
			if bench.o.Path == "o.log" {
				bench.o.Path = filepath.Join(b.TempDir(), bench.o.Path)
			}
			s := openStream(b, bench.o)
			b.SetBytes(int64(len(bench.chunk)))
			b.ReportAllocs()
			for b.Loop() {
				s.Write(bench.chunk)
			}
		})
	}
}
