package notify

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// foreignDir is a directory of another user in which root keeps its notify sockets, and
// files of root outside of it.
type foreignDir struct {
	t                 *testing.T
	dir, victim, file string
}

func newForeignDir(t *testing.T) foreignDir {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root is concerned")
	}
	const otherUID = 12345
	base := t.TempDir()
	f := foreignDir{t, filepath.Join(base, "theirs", "d.notify"), filepath.Join(base, "victim"), ""}
	f.must(os.Mkdir(filepath.Dir(f.dir), 0o755))
	f.must(os.Chown(filepath.Dir(f.dir), otherUID, otherUID))
	f.must(os.Mkdir(f.victim, 0o750))
	return f
}

func (f foreignDir) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// plantFile makes a file of root in the other directory, with the name of a socket.
func (f *foreignDir) plantFile(name string) {
	f.t.Helper()
	f.file = filepath.Join(f.victim, name)
	f.must(os.WriteFile(f.file, []byte("precious"), 0o644))
}

// replaceWithLink replaces the receiver's directory by a link to root's directory.
func (f *foreignDir) replaceWithLink() {
	f.t.Helper()
	f.must(os.Rename(f.dir, f.dir+".old"))
	f.must(os.Symlink(f.victim, f.dir))
}

func (f foreignDir) expectUnchanged() {
	f.t.Helper()
	for path, mode := range map[string]os.FileMode{f.victim: 0o750 | os.ModeDir, f.file: 0o644} {
		if path == "" {
			continue
		}
		info, err := os.Lstat(path)
		f.must(err)
		if info.Mode() != mode || info.Sys().(*syscall.Stat_t).Uid != 0 {
			f.t.Errorf("%s: %v, owner %d", path, info.Mode(), info.Sys().(*syscall.Stat_t).Uid)
		}
	}
	entries, err := os.ReadDir(f.victim)
	f.must(err)
	for _, e := range entries {
		if filepath.Join(f.victim, e.Name()) != f.file {
			f.t.Errorf("%s was made", e.Name())
		}
	}
}

// Whatever the owner of the state directory puts there, and whenever, no file of root
// changes.
func TestDirectoryReplacedByLink(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		f := newForeignDir(t)
		f.must(os.Symlink(f.victim, f.dir))
		l := newTestReceiver(t, f.dir)
		if path, err := l.Listen("p", 12345); err == nil {
			t.Error("it listens on", path)
		}
		l.stop()
		l.CloseAll()
		f.expectUnchanged()
	})
	t.Run("afterwards", func(t *testing.T) {
		f := newForeignDir(t)
		l := newTestReceiver(t, f.dir)
		f.plantFile(filepath.Base(l.listen(t, "p")))
		f.replaceWithLink()
		if path, err := l.Listen("p", 12345); err == nil {
			t.Error("it listens on", path)
		}
		l.Close("p")
		l.stop()
		l.CloseAll()
		f.expectUnchanged()
	})
	t.Run("in between", func(t *testing.T) {
		f := newForeignDir(t)
		d, err := makeDir(f.dir)
		f.must(err)
		defer d.Close()
		f.plantFile("0123")
		f.replaceWithLink()
		fd, err := d.bind("0123", 12345)
		f.must(err)
		f.must(syscall.Close(fd))
		f.expectUnchanged()
		if info, err := os.Lstat(filepath.Join(f.dir+".old", "0123")); err != nil || info.Mode() != os.ModeSocket|0o600 {
			t.Error(info, err)
		}
	})
	t.Run("another directory of root", func(t *testing.T) {
		f := newForeignDir(t)
		f.victim = f.dir
		f.must(os.Mkdir(f.victim, 0o750))
		f.plantFile("secret")
		if d, err := makeDir(f.dir); err == nil {
			d.Close()
			t.Error("it was accepted")
		}
		f.expectUnchanged()
	})
}
