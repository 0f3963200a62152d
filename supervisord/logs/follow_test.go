package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testFollow is a Follow in progress.
type testFollow struct {
	t      *testing.T
	text   chan string // what it wrote, piece by piece
	got    string
	cancel context.CancelFunc
	end    chan error
}

// startFollow starts to follow a file and ends at the end of the test.
func startFollow(t *testing.T, f *File) *testFollow {
	ctx, cancel := context.WithCancel(t.Context())
	fd := &testFollow{t: t, text: make(chan string), cancel: cancel, end: make(chan error, 1)}
	go func() {
		fd.end <- Follow(ctx, f.Path(), f.Changed, fd)
		close(fd.text)
	}()
	t.Cleanup(func() { fd.stop() })
	return fd
}

func (f *testFollow) Write(p []byte) (int, error) {
	f.text <- string(p)
	return len(p), nil
}

// expect waits until exactly this has been written.
func (f *testFollow) expect(want string) {
	f.t.Helper()
	f.got = ""
	for f.got != want {
		text, ok := <-f.text
		f.got += text
		if !ok || !strings.HasPrefix(want, f.got) {
			f.t.Fatalf("got %q, want %q", f.got, want)
		}
	}
}

// stop ends the following and returns its error.
func (f *testFollow) stop() error {
	f.cancel()
	for range f.text {
	}
	select {
	case err := <-f.end:
		return err
	default:
		return nil // stopped before
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{})
	write(t, f, strings.Repeat("a", 1000)+strings.Repeat("b", 1000))
	fd := startFollow(t, f)
	fd.expect(strings.Repeat("a", 24) + strings.Repeat("b", 1000))
	write(t, f, "next\xff\x1b")
	fd.expect("next\xff\x1b")
	write(t, f, strings.Repeat("long", 50_000))
	fd.expect(strings.Repeat("long", 50_000))
	if err := fd.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestFollowOverChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{})
	write(t, f, "short")
	fd := startFollow(t, f)
	fd.expect("short")

	if err := f.Clear(); err != nil { // another file of this name
		t.Fatal(err)
	}
	write(t, f, "cleared")
	fd.expect("cleared")

	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	write(t, f, "new")
	fd.expect("==> File truncated <==\nnew")

	if err := os.Rename(path, path+".elsewhere"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "to the old file")
	fd.expect("to the old file")
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	write(t, f, "to the new file")
	fd.expect("to the new file")

	if err := errors.Join(f.Close(), f.Clear()); err != nil { // truncates
		t.Fatal(err)
	}
	fd.expect("==> File truncated <==\n")
	if err := f.Open(); err != nil {
		t.Fatal(err)
	}
	write(t, f, "restarted")
	fd.expect("restarted")
}

// No byte may be lost or repeated, however often the log is rotated between
// two reads.
func TestFollowOverRotations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{MaxBytes: 100, Backups: 300})
	fd := startFollow(t, f)
	write(t, f, "begin\n")
	fd.expect("begin\n")
	var all bytes.Buffer
	done := make(chan error)
	go func() {
		for i := range 3000 {
			line := fmt.Sprintf("line %d\n", i)
			all.WriteString(line)
			if _, err := f.Write([]byte(line)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	var got strings.Builder
	const last = "line 2999\n"
	for !strings.HasSuffix(got.String(), last) {
		got.WriteString(<-fd.text)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got.String() != all.String() {
		t.Errorf("followed %d bytes of %d; they differ", got.Len(), all.Len())
	}
}

func TestFollowManyRotationsAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{MaxBytes: 10, Backups: 5})
	file, _, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	follower := &follower{path: path, file: file, w: &got}
	defer func() { follower.file.Close() }()
	for i := range 4 {
		write(t, f, fmt.Sprintf("0123456789 %d\n", i))
	}
	write(t, f, "end\n")
	for more := true; more; {
		if more, err = follower.step(t.Context(), make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
	}
	if want := "0123456789 0\n0123456789 1\n0123456789 2\n0123456789 3\nend\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	never := func() <-chan struct{} { return nil }
	if err := Follow(t.Context(), dir+"/none", never, &bytes.Buffer{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	path := textFile(t, "text")
	if err := Follow(t.Context(), path, never, brokenPipe{}); !errors.Is(err, errBroken) {
		t.Errorf("with a reader that left: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Follow(ctx, path, never, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

var errBroken = errors.New("broken")

// brokenPipe is a client that has gone.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errBroken }
