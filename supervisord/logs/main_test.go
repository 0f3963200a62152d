package logs

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// contents returns what is in a file, and "<no file>" if there is none.
func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "<no file>"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stripTimes removes the time stamps from log lines.
func stripTimes(lines string) string {
	return regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} `).ReplaceAllString(lines, "")
}

func TestMainCopiesToStdout(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.log")
	var stdout bytes.Buffer
	m, err := OpenMain(MainOptions{Path: path, Stdout: &stdout})
	if err != nil {
		t.Fatal(err)
	}
	slog.New(m.Handler()).Info("hello")
	if got := contents(t, path); stripTimes(got) != "INFO hello\n" || got != stdout.String() {
		t.Errorf("log %q, stdout %q", got, stdout.String())
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	slog.New(m.Handler()).Info("late")
	if got := stripTimes(stdout.String()); got != "INFO hello\nINFO late\n" {
		t.Errorf("stdout after the end %q", got)
	}
}

func TestMainWritesStdoutOnceWhenItIsTheLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	stdout, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close()
	m, err := OpenMain(MainOptions{Path: path, Stdout: stdout})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	slog.New(m.Handler()).Info("once")
	if got := stripTimes(contents(t, path)); got != "INFO once\n" {
		t.Errorf("log %q", got)
	}
}

func TestMainWithoutFile(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	m, err := OpenMain(MainOptions{Stdout: &stdout})
	if err != nil {
		t.Fatal(err)
	}
	slog.New(m.Handler()).Info("hello")
	if got := stripTimes(stdout.String()); got != "INFO hello\n" {
		t.Errorf("stdout %q", got)
	}
	if err := m.Clear(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Clear: %v", err)
	}
	if err := errors.Join(m.Reopen(), m.Close()); err != nil {
		t.Error(err)
	}
	if m.Path() != "" || m.Changed() != nil {
		t.Errorf("path %q, changed %v", m.Path(), m.Changed())
	}
}

func TestMainCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := OpenMain(MainOptions{Path: dir}); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a directory: %v", err)
	}
	if _, err := OpenMain(MainOptions{Path: dir + "/none/main.log"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

func TestMainClear(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.log")
	var stdout bytes.Buffer
	m, err := OpenMain(MainOptions{Path: path, Stdout: &stdout})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	old := filepath.Join(t.TempDir(), "old")
	if err := os.Link(path, old); err != nil {
		t.Skip(err)
	}
	changed := m.Changed()
	if err := m.Clear(); err != nil {
		t.Fatal(err)
	}
	<-changed
	const want = "INFO reopening log file\nINFO reopening log file\n"
	if got := contents(t, path); got != "" {
		t.Errorf("the new file has %q", got)
	}
	if got := stripTimes(contents(t, old)); got != want {
		t.Errorf("the old file has %q", got)
	}
	if got := stripTimes(stdout.String()); got != want {
		t.Errorf("stdout %q", got)
	}
	slog.New(m.Handler()).Info("next")
	if got := stripTimes(contents(t, path)); got != "INFO next\n" {
		t.Errorf("afterwards the file has %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := m.Clear(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Clear without a file: %v", err)
	}
}

func TestMainClearObeysTheLevel(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.log")
	var stdout bytes.Buffer
	m, err := OpenMain(MainOptions{Path: path, Stdout: &stdout, Level: LevelWarn})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Clear(); err != nil {
		t.Fatal(err)
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout %q", stdout.String())
	}
}

func TestMainReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.log")
	m, err := OpenMain(MainOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	logger := slog.New(m.Handler())
	logger.Info("one")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	logger.Info("two")
	if err := m.Reopen(); err != nil {
		t.Fatal(err)
	}
	logger.Info("three")
	if got := stripTimes(contents(t, path+".old")); got != "INFO one\nINFO two\n" {
		t.Errorf("old file %q", got)
	}
	if got := stripTimes(contents(t, path)); got != "INFO three\n" {
		t.Errorf("new file %q", got)
	}
}

func TestMainRotates(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.log")
	m, err := OpenMain(MainOptions{Path: path, MaxBytes: 100, Backups: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for range 7 { // lines of 38 bytes: three of them exceed 100
		slog.New(m.Handler()).Info("nine char")
	}
	got := []int{len(contents(t, path)), len(contents(t, path+".1")), len(contents(t, path+".2"))}
	if diff := cmp.Diff([]int{39, 117, 117}, got); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
}

func TestMainReportsAFullDiskOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.log")
	var stdout bytes.Buffer
	var errs []error
	o := MainOptions{Path: path, Stdout: &stdout}
	var m *Main
	o.Report = func(err error) {
		errs = append(errs, err)
		slog.New(m.Handler()).Warn(err.Error()) // must not block nor go round
	}
	m, err := OpenMain(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	disk := &fullDisk{isFull: true}
	m.file.write = disk.write
	logger := slog.New(m.Handler())
	logger.Info("lost")
	logger.Info("lost too")
	if len(errs) != 1 || !errors.Is(errs[0], syscall.ENOSPC) {
		t.Fatalf("reported %v", errs)
	}
	disk.isFull = false
	logger.Info("kept")
	if len(errs) != 2 {
		t.Fatalf("reported %v", errs)
	}
	if got := stripTimes(contents(t, path)); !strings.HasPrefix(got, "INFO kept\nWARN log ") {
		t.Errorf("log %q", got)
	}
	if got := strings.Count(stdout.String(), "\n"); got != 5 {
		t.Errorf("stdout has %d lines: %s", got, stdout.String())
	}
}
