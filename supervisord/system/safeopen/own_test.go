package safeopen

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// For every user, a file of its own is no link, has no second name and no other owner.
func TestOpenOwn(t *testing.T) {
	t.Parallel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		make func(path, victim string) error
		want error
	}{
		"none":          {func(string, string) error { return nil }, nil},
		"own":           {func(path, _ string) error { return os.WriteFile(path, nil, 0o600) }, nil},
		"symbolic link": {func(path, victim string) error { return os.Symlink(victim, path) }, ErrLink},
		"to nothing":    {func(path, victim string) error { return os.Symlink(victim+".new", path) }, ErrLink},
		"hard link":     {func(path, victim string) error { return os.Link(victim, path) }, ErrLink},
		"FIFO":          {func(path, _ string) error { return syscall.Mkfifo(path, 0o600) }, ErrNotOwned},
		"for all to write": {func(path, _ string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o666))
		}, ErrNotOwned},
		"of others": {func(path, _ string) error {
			if os.Geteuid() != 0 {
				return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o622))
			}
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, otherUID, otherUID))
		}, ErrNotOwned},
	} {
		dir := t.TempDir()
		path, victim := filepath.Join(dir, "own"), filepath.Join(dir, "victim")
		must(os.WriteFile(victim, []byte("precious"), 0o600))
		must(tt.make(path, victim))
		file, err := OpenOwn(path, os.O_RDWR|os.O_CREATE, 0o600)
		if file != nil {
			_, werr := file.WriteString("mine")
			must(errors.Join(werr, file.Close()))
		}
		if _, ok := errors.AsType[*fs.PathError](err); !errors.Is(err, tt.want) || ok != (tt.want != nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
		if data, err := os.ReadFile(victim); string(data) != "precious" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
		if _, err := os.Stat(victim + ".new"); err == nil {
			t.Errorf("%s: a file was made elsewhere", name)
		}
	}
}

// On kernels before 6.6 links are not followed either.
func TestChmodNoLinkFallback(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink(file, file+".link")); err != nil {
		t.Fatal(err)
	}
	if err := chmodNoLink(file+".link", 0o666); err == nil {
		t.Error("a link was followed")
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Error(info, err)
	}
	if err := chmodNoLink(file, 0o640); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}
