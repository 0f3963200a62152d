package logs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// openTest opens a file that is closed at the end of the test, and collects
// what it reports.
func openTest(t *testing.T, path string, o FileOptions) (*File, *[]error) {
	t.Helper()
	reports := new([]error)
	if o.Report == nil {
		o.Report = func(err error) { *reports = append(*reports, err) }
	}
	f, err := OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, reports
}

// write writes a text and expects no trouble.
func write(t *testing.T, f *File, text string) {
	t.Helper()
	if n, err := f.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("Write(%q) = %d, %v", text, n, err)
	}
}

func TestFileAppends(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{Mode: 0o640})
	write(t, f, "one\n")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&^0o640 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("lost")); n != 0 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed file: %d, %v", n, err)
	}
	if err := errors.Join(f.Reopen(), f.Close()); err != nil {
		t.Errorf("a closed file: %v", err)
	}
	if err := errors.Join(f.Open(), f.Open()); err != nil {
		t.Fatal(err)
	}
	write(t, f, "two\n")
	if got := contents(t, path); got != "one\ntwo\n" {
		t.Errorf("file %q", got)
	}
}

func TestFileCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]error{
		dir:                  syscall.EISDIR,
		dir + "/none/x":      syscall.ENOENT,
		"/dev/fd/999999":     syscall.ENOENT,
		"/dev/fd/x":          syscall.ENOENT,
		dir + "/" + longName: syscall.ENAMETOOLONG,
	} {
		_, err := OpenFile(path, FileOptions{})
		var pathError *fs.PathError
		if !errors.Is(err, want) || !errors.As(err, &pathError) {
			t.Errorf("%.60s: %v, want %v", path, err, want)
		}
	}
}

var longName = strings.Repeat("x", 300)

func TestFileReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{})
	write(t, f, "one\n")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "two\n")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Reopen(); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("reopening a directory: %v", err)
	}
	write(t, f, "still there\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	write(t, f, "three\n")
	if got := contents(t, path+".old"); got != "one\ntwo\nstill there\n" {
		t.Errorf("old file %q", got)
	}
	if got := contents(t, path); got != "three\n" {
		t.Errorf("new file %q", got)
	}
}

func TestFileClear(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{MaxBytes: 10, Backups: 1})
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := os.WriteFile(path+".1", []byte("backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, f, "12345678\n")
	if err := f.Clear(); err != nil {
		t.Fatal(err)
	}
	write(t, f, "next\n") // the size starts from 0 again
	if got := contents(t, path); got != "next\n" {
		t.Errorf("file %q", got)
	}
	if got := contents(t, path+".1"); got != "backup" {
		t.Errorf("backup %q", got)
	}
	if got, err := io.ReadAll(old); string(got) != "12345678\n" || err != nil {
		t.Errorf("the old file has %q, %v; it must be a file of its own", got, err)
	}
	if err := errors.Join(os.Remove(path), f.Clear()); err != nil {
		t.Fatal(err)
	}
	write(t, f, "again\n")
	if got := contents(t, path); got != "again\n" {
		t.Errorf("file that was missing when cleared: %q", got)
	}
}

func TestFileClearClosed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f := newFile(path, FileOptions{})
	if err := f.Clear(); err != nil {
		t.Errorf("without a file: %v", err)
	}
	if got := contents(t, path); got != "<no file>" {
		t.Errorf("file %q", got)
	}
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Clear(); err != nil {
		t.Error(err)
	}
	if got := contents(t, path); got != "" {
		t.Errorf("file %q", got)
	}
}

func TestTwoFilesOfOneNameAreCleared(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	stdout, _ := openTest(t, path, FileOptions{})
	stderr, _ := openTest(t, path, FileOptions{})
	write(t, stdout, "old\n")
	if err := errors.Join(stdout.Clear(), stderr.Clear()); err != nil {
		t.Fatal(err)
	}
	write(t, stdout, "one\n")
	write(t, stderr, "two\n")
	if got := contents(t, path); got != "one\ntwo\n" {
		t.Errorf("file %q", got)
	}
}

func TestFileClearFails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "o.log")
	f, reports := openTest(t, path, FileOptions{})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Clear(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Clear: %v", err)
	}
	write(t, f, "to the unlinked file\n")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Clear(); err != nil {
		t.Fatal(err)
	}
	write(t, f, "back\n")
	if got := contents(t, path); got != "back\n" {
		t.Errorf("file %q", got)
	}
	if len(*reports) > 0 {
		t.Errorf("reported %v", *reports)
	}
}

func TestFileRemove(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{})
	if err := errors.Join(f.Remove(), f.Remove()); err != nil {
		t.Error(err)
	}
	if got := contents(t, path); got != "<no file>" {
		t.Errorf("file %q", got)
	}
	if f.Path() != path {
		t.Errorf("path %q", f.Path())
	}
}

// TestFullDisk: a quota that is used up, a disk that has become read-only and
// one that fails are the same to a log.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO} {
		t.Run(errno.Error(), func(t *testing.T) {
			t.Parallel()
			testFullDisk(t, errno)
		})
	}
}

func testFullDisk(t *testing.T, errno syscall.Errno) {
	path := filepath.Join(t.TempDir(), "o.log")
	f, reports := openTest(t, path, FileOptions{})
	disk := &fullDisk{isFull: true, room: 2, errno: errno}
	f.write = disk.write
	if n, err := f.Write([]byte("12345")); n != 2 || !errors.Is(err, errno) {
		t.Errorf("Write = %d, %v", n, err)
	}
	if _, err := f.Write([]byte("67")); !errors.Is(err, errno) {
		t.Errorf("Write: %v", err)
	}
	if len(*reports) != 1 || !errors.Is((*reports)[0], errno) {
		t.Errorf("reports %v", *reports)
	}
	disk.isFull = false
	write(t, f, "89")
	write(t, f, "0")
	if got := contents(t, path); got != "12890" {
		t.Errorf("file %q", got)
	}
	var end *OutageError
	if len(*reports) != 2 || !errors.As((*reports)[1], &end) || end.Err != nil || end.Lost != 5 {
		t.Errorf("reports %v", *reports)
	}
}

func TestDevicesAreNotRotatedOrRemoved(t *testing.T) {
	t.Parallel()
	full, reports := openTest(t, "/dev/full", FileOptions{MaxBytes: 1})
	for range 3 {
		if _, err := full.Write([]byte("12345")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("/dev/full: %v", err)
		}
	}
	if len(*reports) != 1 {
		t.Errorf("reports %v", *reports)
	}
	null, reports := openTest(t, "/dev/null", FileOptions{MaxBytes: 1, Backups: 1})
	write(t, null, "12345")
	if err := errors.Join(null.Clear(), null.Reopen(), null.Remove(), null.Clear()); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		t.Errorf("/dev/null is %v, %v", info, err)
	}
	if len(*reports) > 0 {
		t.Errorf("reports %v", *reports)
	}
}

func TestFIFO(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, reports := openTest(t, path, FileOptions{MaxBytes: 10, Backups: 1}) // must not block
	if _, err := f.Write([]byte("nobody listens")); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("Write: %v", err)
	}
	if err := errors.Join(f.Reopen(), f.Clear()); err != nil {
		t.Error(err)
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	const text = "more than ten bytes\n"
	write(t, f, text)
	if err := errors.Join(f.Reopen(), f.Clear()); err != nil {
		t.Error(err)
	}
	write(t, f, text)
	got := make([]byte, 2*len(text))
	if _, err := io.ReadFull(reader, got); string(got) != text+text {
		t.Errorf("read %q, %v", got, err)
	}
	reader.Close()
	if _, err := f.Write([]byte("gone")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write: %v", err)
	}
	if len(*reports) != 2 {
		t.Errorf("reports %v", *reports)
	}
}

func TestCloseInterruptsBlockedWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	f, _ := openTest(t, path, FileOptions{})
	written := make(chan error)
	go func() {
		_, err := f.Write(make([]byte, 4<<20)) // far more than a pipe takes
		written <- err
	}()
	if _, err := reader.Read(make([]byte, 1)); err != nil { // the write has begun
		t.Fatal(err)
	}
	if err := errors.Join(f.Reopen(), f.Clear(), f.Close()); err != nil {
		t.Error(err)
	}
	if err := <-written; err == nil {
		t.Error("the write succeeded")
	}
}

func TestSocketAsDescriptor(t *testing.T) {
	t.Parallel()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	near, far := os.NewFile(uintptr(pair[0]), "near"), os.NewFile(uintptr(pair[1]), "far")
	defer near.Close()
	defer far.Close()
	for _, format := range []string{"/dev/fd/%d", "/proc/self/fd/%d"} {
		f, reports := openTest(t, fmt.Sprintf(format, pair[0]), FileOptions{MaxBytes: 1, Backups: 1})
		write(t, f, "hello")
		if err := errors.Join(f.Clear(), f.Reopen()); err != nil {
			t.Error(err)
		}
		write(t, f, "world")
		got := make([]byte, 10)
		if _, err := io.ReadFull(far, got); string(got) != "helloworld" {
			t.Errorf("read %q, %v", got, err)
		}
		if err := f.Remove(); err != nil || len(*reports) > 0 {
			t.Errorf("Remove: %v, reports %v", err, *reports)
		}
	}
}

func TestDescriptorNamesAreNeverRotated(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "stdout")
	stdout, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	f, reports := openTest(t, fmt.Sprintf("/dev/fd/%d", stdout.Fd()), FileOptions{MaxBytes: 1, Backups: 1})
	write(t, f, "one")
	if err := f.Clear(); err != nil {
		t.Error(err)
	}
	write(t, f, "two")
	if got := contents(t, path); got != "onetwo" || len(*reports) > 0 {
		t.Errorf("file %q, reports %v", got, *reports)
	}
}

func TestDescriptor(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/7": 7, "/proc/self/fd/12": 12,
		"/dev/null": -1, "/dev/fd/": -1, "/dev/fd/-1": -1, "/dev/fd/1/x": -1, "stdout": -1, "/tmp/dev/fd/1": -1,
	} {
		fd, ok := descriptor(path)
		if ok != (want >= 0) || ok && fd != want {
			t.Errorf("%s is %d, %v", path, fd, ok)
		}
	}
}

func TestFileConcurrentUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{MaxBytes: 100, Backups: 2, Report: func(error) {}})
	var all sync.WaitGroup
	for _, use := range []func(){
		func() { f.Write([]byte("from here\n")) },
		func() { f.Write([]byte("from there\n")) },
		func() { f.Reopen() },
		func() { f.Clear() },
		func() { f.Close(); f.Open() },
		func() {
			changed := f.Changed()
			f.Write([]byte("x"))
			<-changed
		},
	} {
		all.Go(func() {
			for range 200 {
				use()
			}
		})
	}
	all.Wait()
	if err := f.Clear(); err != nil {
		t.Fatal(err)
	}
	write(t, f, "fine")
	if got := contents(t, path); got != "fine" {
		t.Errorf("file %q", got)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{})
	for name, change := range map[string]func() error{
		"write":  func() error { _, err := f.Write([]byte("x")); return err },
		"reopen": f.Reopen,
		"clear":  f.Clear,
	} {
		changed := f.Changed()
		if changed != f.Changed() {
			t.Errorf("%s: two followers have two channels", name)
		}
		select {
		case <-changed:
			t.Errorf("%s: changed before", name)
		default:
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		default:
			t.Errorf("%s: not changed", name)
		}
	}
}
