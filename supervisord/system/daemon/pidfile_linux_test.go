package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestPidfileIsExclusive(t *testing.T) { // not parallel: a child that another test forks holds the lock until it executes
	path := filepath.Join(t.TempDir(), "pid")
	if err := os.WriteFile(path, []byte("123456789012\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := ClaimPidfile(path, -1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := fmt.Sprintf("%d\n", os.Getpid()); err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	_, err = ClaimPidfile(path, -1)
	if locked, ok := errors.AsType[*LockedError](err); !ok || locked.PID != os.Getpid() {
		t.Errorf("the second claim: %v", err)
	}
	first.Remove()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	third, err := ClaimPidfile(path, 0o077)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("with a umask of 077: %v, %v", info.Mode(), err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	third.Remove()
	if _, err := os.Stat(path); err != nil {
		t.Errorf("another file was removed: %v", err)
	}
}

// A device is shared by all.
func TestPidfileIsDevice(t *testing.T) {
	t.Parallel()
	for range 2 {
		p, err := ClaimPidfile(os.DevNull, -1)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Remove()
	}
}

func TestPidfileInMissingDirectory(t *testing.T) {
	t.Parallel()
	_, err := ClaimPidfile(filepath.Join(t.TempDir(), "none", "pid"), -1)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A daemon that has no name in common with the holder of the lock shares the file, and writes
// the holder's pid back when it exits.
func TestPidfileOfAnotherConfiguration(t *testing.T) { // not parallel: a child that another test forks holds the lock until it executes
	path := filepath.Join(t.TempDir(), "pid")
	first, err := ClaimPidfile(path, -1, "a", "common")
	if err != nil || first.IsShared() {
		t.Fatal(err)
	}
	defer first.Remove()
	for _, names := range [][]string{{"a"}, {"b", "common"}, {}} {
		_, err := ClaimPidfile(path, -1, names...)
		if locked, ok := errors.AsType[*LockedError](err); !ok || locked.PID != os.Getpid() {
			t.Errorf("%q: got %v", names, err)
		}
	}
	second, err := ClaimPidfile(path, -1, "b")
	if err != nil || !second.IsShared() || ReadPID(path) != os.Getpid() {
		t.Fatalf("got %+v, %v; the file has %d", second, err, ReadPID(path))
	}
	if _, err := ClaimPidfile(path, -1, "b"); err == nil {
		t.Error("two daemons with one name share the file")
	}
	fd := second.HandOver()
	second = RestorePidfile(path, fd, "b")
	if !second.IsShared() {
		t.Error("it is not shared after an upgrade")
	}
	if _, err := ClaimPidfile(path, -1, "b"); err == nil {
		t.Error("its name is free after an upgrade")
	}
	second.Remove()
	if got := ReadPID(path); got != os.Getpid() { // of the first
		t.Errorf("the file has %d", got)
	}
	third, err := ClaimPidfile(path, -1, "b")
	if err != nil {
		t.Fatal(err)
	}
	first.Remove()
	third.Remove()
	if got := ReadPID(path); got != 0 {
		t.Errorf("the file is still there, with %d", got)
	}
}
