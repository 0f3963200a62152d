package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAutoName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shape := regexp.MustCompile(`^web_00-stdout---my\.id-[a-z0-9_]{8}\.log$`)
	seen := map[string]bool{}
	for range 20 {
		path, err := AutoName(dir, "web_00", "stdout", "my.id")
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(path) != dir || !shape.MatchString(filepath.Base(path)) || seen[path] {
			t.Errorf("path %s", path)
		}
		seen[path] = true
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 || info.Size() != 0 {
			t.Errorf("file %v, %v", info, err)
		}
	}
}

func TestAutoNameStaysInItsDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, err := AutoName(dir, "../../a", "stderr", "b/c")
	if err != nil || filepath.Dir(path) != dir {
		t.Fatalf("path %s, %v", path, err)
	}
	if failed, err := CleanAuto(dir, "b/c"); err != nil || len(failed) > 0 || contents(t, path) != "<no file>" {
		t.Errorf("not cleaned: %v, %v", failed, err)
	}
	if _, err := AutoName(dir+"/none", "a", "stdout", "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
}

func TestCleanAuto(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	removed := []string{
		"x-stdout---a.b-abc.log", "x-stdout---a.b-abc.log.1", "x-stdout---a.b-abc.log.12345",
		"x y-stderr---a.b-k3_z9abc.log",
	}
	kept := []string{
		"---a.b-abc.log", "x---a.b-abc.txt", "x-stdout---other-abc.log", "y---a.b-d e.log", "z---a.b-.log",
		"x---a.b-abc.logfoo", "x-stdout---aXb-abc.log", "x---a.b-abc.log.1.gz", "x---a.b-abc.log.", "x---a.b-abc",
	}
	for _, name := range slices.Concat(removed, kept) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	notRemovable := filepath.Join(dir, "d-stdout---a.b-abc.log")
	if err := os.Mkdir(notRemovable, 0o700); err != nil {
		t.Fatal(err)
	}
	failed, err := CleanAuto(dir, "a.b")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{notRemovable}, failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	if err := os.Remove(notRemovable); err != nil {
		t.Error(err)
	}
	var left []string
	for name := range logFiles(t, dir) {
		left = append(left, name)
	}
	slices.Sort(left)
	slices.Sort(kept)
	if diff := cmp.Diff(kept, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if _, err := CleanAuto(dir+"/none", "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
}
