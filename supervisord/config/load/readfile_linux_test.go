package load_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config/load"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
)

// loadFrom loads a file with a snapshot and returns the names of the groups and the
// warnings.
func loadFrom(t *testing.T, path string, files *source.Snapshot) string {
	t.Helper()
	c, err := load.Config(load.Options{Input: section.Input{Path: path, Program: "supervisord", Host: source.ThisHost(), Snapshot: files}})
	if err != nil {
		return "error: " + err.Error()
	}
	var words []string
	for _, g := range c.Groups {
		words = append(words, g.Name)
	}
	return strings.Join(append(words, c.Warnings...), " ")
}

// copyViaJSON returns the snapshot as another process gets it.
func copyViaJSON(t *testing.T, f *source.Snapshot) *source.Snapshot {
	t.Helper()
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	next := source.NewSnapshot()
	if err := json.Unmarshal(text, next); err != nil {
		t.Fatal(err)
	}
	return next
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const twoFiles = "[supervisord]\n[include]\nfiles = *.inc\n[program:main]\ncommand=x\n"

// TestSnapshotReplay: a second process loads exactly what the first one has read, also
// if files have changed, appeared, disappeared or could not be read.
func TestSnapshotReplay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := writeFile(t, filepath.Join(dir, "c.conf"), twoFiles)
	writeFile(t, filepath.Join(dir, "a.inc"), "[program:a]\ncommand=x\n")
	if err := os.Symlink(dir, filepath.Join(dir, "b.inc")); err != nil { // a directory can't be read
		t.Fatal(err)
	}
	files := source.NewSnapshot()
	want := loadFrom(t, conf, files)
	if !strings.HasPrefix(want, "a main ") || !strings.Contains(want, "is a directory") {
		t.Fatal(want)
	}
	writeFile(t, filepath.Join(dir, "c.inc"), "[program:c]\ncommand=x\n")
	for _, name := range []string{"a.inc", "b.inc"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, conf, "[broken")
	files = copyViaJSON(t, files)
	if got := loadFrom(t, conf, files); got != want {
		t.Errorf("%s, was %s", got, want)
	}
	// The daemon reads them again.
	files = files.OneTimeFiles(true)
	writeFile(t, conf, twoFiles)
	if got := loadFrom(t, conf, files); got != "c main" || files.RereadError() != nil {
		t.Errorf("%s, %v", got, files.RereadError())
	}
}

// TestOneTimeFilesAreKept: a daemon keeps the text of files that can be read only once,
// and of no others.
func TestOneTimeFilesAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("[supervisord]\n[include]\nfiles = %s/*.inc /dev/null\n[program:main]\ncommand=x\n", dir)
	write := func(path string) {
		if err := os.WriteFile(path, []byte(text), 0); err != nil {
			t.Error(err)
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	regular, err := os.Open(writeFile(t, filepath.Join(dir, "c.conf"), text))
	if err != nil {
		t.Fatal(err)
	}
	defer regular.Close()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(fmt.Sprintf("/dev/fd/%d", regular.Fd()), link); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path                       string
		setUp                      func()
		keptAttached, keptDetached bool // by a process that stays, or detaches
	}{
		{fifo, func() { go write(fifo) }, true, true},
		{fmt.Sprintf("/dev/fd/%d", r.Fd()), func() { w.WriteString(text); w.Close() }, true, true},
		{fmt.Sprintf("/proc/self/fd/%d", regular.Fd()), func() {}, false, true},
		{link, func() {}, false, true},
		{regular.Name(), func() {}, false, false},
	} {
		tt.setUp()
		files := source.NewSnapshot()
		if got := loadFrom(t, tt.path, files); !strings.HasPrefix(got, "main") {
			t.Errorf("%s: %s", tt.path, got)
			continue
		}
		for detaches, want := range map[bool]bool{false: tt.keptAttached, true: tt.keptDetached} {
			kept := copyViaJSON(t, files).OneTimeFiles(detaches)
			err := kept.RereadError()
			if (err != nil) != want || want && !strings.Contains(err.Error(), tt.path) {
				t.Errorf("%s, detached %v: %v", tt.path, detaches, err)
			}
			if !want {
				continue
			}
			if got := loadFrom(t, tt.path, copyViaJSON(t, kept)); !strings.HasPrefix(got, "main") {
				t.Errorf("%s: again %s", tt.path, got)
			}
		}
	}
}
