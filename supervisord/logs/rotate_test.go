package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// logFiles returns the contents of the files in a directory by name.
func logFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		files[entry.Name()] = contents(t, filepath.Join(dir, entry.Name()))
	}
	return files
}

func TestRotation(t *testing.T) {
	t.Parallel()
	type files = map[string]string
	lines := func(from, to int) (all []string) {
		for i := from; i <= to; i++ {
			all = append(all, fmt.Sprintf("line %d......\n", i))
		}
		return all
	}
	for _, test := range []struct {
		name     string
		before   files
		maxBytes int64
		backups  int
		writes   []string
		want     files
	}{
		{
			name: "backups", maxBytes: 20, backups: 2, writes: lines(0, 8),
			want: files{
				"o.log":   "line 8......\n",
				"o.log.1": "line 6......\nline 7......\n",
				"o.log.2": "line 4......\nline 5......\n",
			},
		},
		{
			name: "no backups", maxBytes: 15, writes: []string{"0123456789\n", "abcdef\n", "xyz\n"},
			want: files{"o.log": "xyz\n"},
		},
		{
			name: "no backups, just full", maxBytes: 15, writes: []string{"0123456789\n", "abcdef\n"},
			want: files{"o.log": ""},
		},
		{
			name: "a write is never split", maxBytes: 100, backups: 10, writes: []string{strings.Repeat("x", 250)},
			want: files{"o.log": "", "o.log.1": strings.Repeat("x", 250)},
		},
		{
			name: "exact size", maxBytes: 10, backups: 5, writes: []string{"123456789", "x", "y", "0123456789"},
			want: files{"o.log": "", "o.log.1": "y0123456789", "o.log.2": "123456789x"},
		},
		{
			name: "38-byte lines", maxBytes: 100, backups: 1, writes: []string{strings.Repeat("a", 38), strings.Repeat("b", 38), strings.Repeat("c", 38), "d"},
			want: files{"o.log": "d", "o.log.1": strings.Repeat("a", 38) + strings.Repeat("b", 38) + strings.Repeat("c", 38)},
		},
		{
			name: "never", backups: 3, writes: lines(0, 2),
			want: files{"o.log": "line 0......\nline 1......\nline 2......\n"},
		},
		{
			name: "over-full from the start", before: files{"o.log": "0123456789"}, maxBytes: 10, backups: 1, writes: []string{"x"},
			want: files{"o.log": "", "o.log.1": "0123456789x"},
		},
		{
			name: "gaps and older files", before: files{"o.log.2": "two", "o.log.3": "three", "o.log.4": "four"}, maxBytes: 1, backups: 3, writes: []string{"new"},
			want: files{"o.log": "", "o.log.1": "new", "o.log.3": "two", "o.log.4": "four"},
		},
		{
			name: "one backup", maxBytes: 1, backups: 1, writes: []string{"a", "b", "c"},
			want: files{"o.log": "", "o.log.1": "c"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range test.before {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f, reports := openTest(t, filepath.Join(dir, "o.log"), FileOptions{MaxBytes: test.maxBytes, Backups: test.backups})
			for _, text := range test.writes {
				write(t, f, text)
			}
			if diff := cmp.Diff(test.want, logFiles(t, dir)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if len(*reports) > 0 {
				t.Errorf("reports %v", *reports)
			}
		})
	}
}

func TestFilesBeforeAndAfterRotationAreAppendedTo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "o.log")
	f, _ := openTest(t, path, FileOptions{MaxBytes: 10, Backups: 1})
	for range 2 {
		write(t, f, "12345")
		if err := os.Truncate(path, 0); err != nil { // as copytruncate does
			t.Fatal(err)
		}
		write(t, f, "678")
		if got := contents(t, path); got != "678" {
			t.Errorf("after it was truncated the file has %q", got)
		}
		write(t, f, "90abcdef")
		if got := contents(t, path+".1"); got != "67890abcdef" {
			t.Errorf("the backup has %q", got)
		}
	}
}

func TestRotationOfAFileThatWasRenamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "o.log")
	f, reports := openTest(t, path, FileOptions{MaxBytes: 10, Backups: 2})
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "0123456789")
	write(t, f, "x")
	want := map[string]string{"o.log.old": "0123456789", "o.log": "x"}
	if diff := cmp.Diff(want, logFiles(t, dir)); diff != "" || len(*reports) > 0 {
		t.Errorf("files (-want +got):\n%s reports %v", diff, *reports)
	}
}

func TestRotationFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "o.log")
	f, reports := openTest(t, path, FileOptions{MaxBytes: 10, Backups: 1})
	if err := os.Mkdir(path+".1", 0o700); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		write(t, f, "1234")
	}
	if got := contents(t, path); got != "12341234123412341234" {
		t.Errorf("file %q", got)
	}
	if len(*reports) != 1 || !errors.Is((*reports)[0], syscall.EEXIST) {
		t.Errorf("reports %v", *reports)
	}
	if err := os.Remove(path + ".1"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "1234")
	want := map[string]string{"o.log": "", "o.log.1": "123412341234123412341234"}
	if diff := cmp.Diff(want, logFiles(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestDirectoryRemovedUnderALog(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "logs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "o.log")
	f, reports := openTest(t, path, FileOptions{MaxBytes: 10, Backups: 1})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	write(t, f, "0123456789")
	if len(*reports) != 1 || !errors.Is((*reports)[0], syscall.ENOENT) {
		t.Errorf("reports %v", *reports)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, f, "0123456789")
	write(t, f, "back")
	if got := contents(t, path); got != "back" || len(*reports) != 1 {
		t.Errorf("file %q, reports %v", got, *reports)
	}
}

func TestSymbolicLinkIsRotatedByName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, path := filepath.Join(dir, "target"), filepath.Join(dir, "o.log")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	f, _ := openTest(t, path, FileOptions{MaxBytes: 4, Backups: 1})
	write(t, f, "full")
	write(t, f, "x")
	want := map[string]string{"o.log": "x", "o.log.1": "full", "target": "full"}
	if diff := cmp.Diff(want, logFiles(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Several programs may have the same log file. Not a line may be lost, and
// every file must be rotated once, when it is full.
func TestSharedFileIsRotatedOnceByAll(t *testing.T) {
	t.Parallel()
	const writers, each, line, maxBytes = 4, 300, 20, 500
	dir := t.TempDir()
	path := filepath.Join(dir, "o.log")
	var all sync.WaitGroup
	for w := range writers {
		f, err := OpenFile(path, FileOptions{MaxBytes: maxBytes, Backups: 100, Report: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			defer f.Close()
			for i := range each {
				fmt.Fprintf(f, "%-*s\n", line-1, fmt.Sprintf("%d:%d", w, i))
			}
		})
	}
	all.Wait()
	count := map[string]int{}
	for name, text := range logFiles(t, dir) {
		if name != "o.log" && len(text) < maxBytes {
			t.Errorf("%s was rotated with %d bytes", name, len(text))
		}
		for l := range strings.Lines(text) {
			count[strings.TrimSpace(l)]++
		}
	}
	for w := range writers {
		for i := range each {
			if n := count[fmt.Sprintf("%d:%d", w, i)]; n != 1 {
				t.Fatalf("line %d of writer %d is there %d times", i, w, n)
			}
		}
	}
}

func TestFileLockedByAnotherIsNotRotated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "o.log")
	f, reports := openTest(t, path, FileOptions{MaxBytes: 4, Backups: 1})
	other, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	unlock, busy := lock(other)
	if busy {
		t.Fatal("already locked")
	}
	write(t, f, "full")
	if got := contents(t, path); got != "full" || len(*reports) > 0 {
		t.Errorf("file %q, reports %v", got, *reports)
	}
	unlock()
	write(t, f, "!")
	if got := contents(t, path+".1"); got != "full!" {
		t.Errorf("backup %q", got)
	}
}

func TestLargeSharedFileSizeChecks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "o.log")
	f, _ := openTest(t, path, FileOptions{MaxBytes: 1 << 20, Backups: 1})
	other, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	chunk := strings.Repeat("x", 8<<10)
	for contents(t, path+".1") == "<no file>" {
		write(t, f, chunk)
		if _, err := other.WriteString(chunk); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() > 1<<20+64<<10 {
			t.Fatalf("the file has grown to %d bytes, %v", info.Size(), err)
		}
	}
}
