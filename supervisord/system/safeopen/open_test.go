package safeopen

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const otherUID = 12345 // not root

// testDir is a directory, and a file of root outside of it.
type testDir struct {
	t           *testing.T
	dir, victim string
}

func newTestDir(t *testing.T, owner int, mode fs.FileMode) testDir {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: this concerns only root")
	}
	base := t.TempDir()
	p := testDir{t, filepath.Join(base, "dir"), filepath.Join(base, "victim")}
	p.must(os.Mkdir(p.dir, 0o755))
	p.must(os.Chmod(p.dir, mode)) // Mkdir obeys the umask
	p.must(os.Chown(p.dir, owner, owner))
	p.must(os.WriteFile(p.victim, []byte("precious"), 0o644))
	return p
}

func (p testDir) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// openLog opens a log and writes to it, and returns the error of opening.
func (p testDir) openLog(path string) error {
	p.t.Helper()
	file, err := Open(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err == nil {
		if _, err := file.WriteString("log"); err != nil {
			p.t.Error(err)
		}
		p.must(file.Close())
	}
	return err
}

func (p testDir) expectVictimUntouched() {
	p.t.Helper()
	if data, err := os.ReadFile(p.victim); err != nil || string(data) != "precious" {
		p.t.Errorf("victim: %q, %v", data, err)
	}
	if _, err := os.Stat(p.victim + ".new"); !errors.Is(err, fs.ErrNotExist) {
		p.t.Error("a file was created outside:", err)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		owner    int // of the directory
		mode     fs.FileMode
		linkedBy int
		want     bool
	}{
		{"root's own directory", 0, 0o755, 0, true},
		{"of others in root's directory", 0, 0o755, otherUID, true},
		{"root's in a directory of others", otherUID, 0o755, 0, true},
		{"of others in their directory", otherUID, 0o755, otherUID, false},
		{"of others in a common directory", 0, 0o777, otherUID, false},
		{"of others in a sticky directory", 0, 0o777 | fs.ModeSticky, otherUID, false},
		{"root's in a sticky directory", 0, 0o777 | fs.ModeSticky, 0, true},
		{"of others in a group's directory", 0, 0o775, otherUID, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, target := range []string{"../victim", "../victim.new", "absolute"} {
				p := newTestDir(t, tt.owner, tt.mode)
				if target == "absolute" {
					target = p.victim
				}
				log := filepath.Join(p.dir, "log")
				p.must(os.Symlink(target, log))
				p.must(os.Lchown(log, tt.linkedBy, tt.linkedBy))
				err := p.openLog(log)
				if tt.want {
					p.must(err)
					data, err := os.ReadFile(filepath.Join(p.dir, target))
					if filepath.IsAbs(target) {
						data, err = os.ReadFile(target)
					}
					if string(data) != "log" {
						t.Errorf("%s: %q, %v", target, data, err)
					}
					continue
				}
				if _, ok := errors.AsType[*fs.PathError](err); !ok || !errors.Is(err, ErrLink) || !strings.Contains(err.Error(), log) {
					t.Errorf("%s: %v", target, err)
				}
				p.expectVictimUntouched()
			}
		})
	}
}

func TestHardLinks(t *testing.T) {
	t.Parallel()
	for mode, refused := range map[fs.FileMode]bool{0o755: false, 0o777: true, 0o777 | fs.ModeSticky: true} {
		p := newTestDir(t, 0, mode)
		log := filepath.Join(p.dir, "log")
		p.must(os.Link(p.victim, log))
		if err := p.openLog(log); errors.Is(err, ErrLink) != refused {
			t.Errorf("%v: %v", mode, err)
		}
		if refused {
			p.expectVictimUntouched()
		}
	}
	// A link of root may have a second name too.
	p := newTestDir(t, otherUID, 0o755)
	p.must(os.Symlink(p.victim, p.victim+".link"))
	log := filepath.Join(p.dir, "log")
	p.must(os.Link(p.victim+".link", log))
	if err := p.openLog(log); !errors.Is(err, ErrLink) {
		t.Error(err)
	}
	p.expectVictimUntouched()
}

// Each link of a chain is checked in its own directory.
func TestLinkChains(t *testing.T) {
	t.Parallel()
	p := newTestDir(t, otherUID, 0o755)
	outside := filepath.Join(filepath.Dir(p.dir), "root's")
	p.must(os.Symlink("dir/link", outside))
	p.must(os.Symlink(p.victim, filepath.Join(p.dir, "link")))
	p.must(os.Lchown(filepath.Join(p.dir, "link"), otherUID, otherUID))
	if err := p.openLog(outside); !errors.Is(err, ErrLink) {
		t.Error(err)
	}
	p.expectVictimUntouched()
	loop := filepath.Join(filepath.Dir(p.dir), "loop")
	p.must(os.Symlink(loop, loop))
	if err := p.openLog(loop); !errors.Is(err, syscall.ELOOP) {
		t.Error(err)
	}
}

// After a link ".." means the parent of its target.
func TestDotDotAfterLink(t *testing.T) {
	t.Parallel()
	p := newTestDir(t, 0, 0o755)
	p.must(os.MkdirAll(filepath.Join(p.dir, "a/b"), 0o755))
	p.must(os.Symlink("a/b", filepath.Join(p.dir, "short")))
	p.must(os.Symlink("../log", filepath.Join(p.dir, "a/b/link")))
	p.must(p.openLog(filepath.Join(p.dir, "short/link")))
	if data, err := os.ReadFile(filepath.Join(p.dir, "a/log")); string(data) != "log" {
		t.Error(data, err)
	}
}

func TestNotLinks(t *testing.T) {
	t.Parallel()
	p := newTestDir(t, otherUID, 0o777)
	log := filepath.Join(p.dir, "log")
	for range 2 {
		p.must(p.openLog(log))
	}
	if data, _ := os.ReadFile(log); string(data) != "log" {
		t.Errorf("%q", data)
	}
	p.must(p.openLog("/dev/null"))
	p.must(os.Symlink("/dev/null", filepath.Join(filepath.Dir(p.dir), "null")))
	p.must(p.openLog(filepath.Join(filepath.Dir(p.dir), "null")))
	for path, want := range map[string]error{
		p.dir: syscall.EISDIR, p.dir + "/": syscall.EISDIR, "": syscall.EISDIR,
		filepath.Join(p.dir, "none/log"): syscall.ENOENT, log + "/log": syscall.ENOTDIR,
	} {
		if err := p.openLog(path); !errors.Is(err, want) {
			t.Errorf("%q: %v", path, err)
		}
	}
	if _, err := Open(log, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	p.must(syscall.Mkfifo(filepath.Join(p.dir, "fifo"), 0o600))
	if _, err := Open(filepath.Join(p.dir, "fifo"), os.O_WRONLY|syscall.O_NONBLOCK, 0); !errors.Is(err, syscall.ENXIO) {
		t.Error(err)
	}
}

// The logs of containers are links to stdout. They are followed, whoever owns the directory.
func TestStdoutLinks(t *testing.T) {
	t.Parallel()
	p := newTestDir(t, otherUID, 0o755)
	log := filepath.Join(p.dir, "log")
	p.must(os.Symlink("/dev/stdout", log))
	for _, path := range []string{log, "/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"} {
		file, err := Open(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o666)
		if err != nil {
			if errors.Is(err, syscall.ENXIO) {
				continue // it is a socket, which has no path
			}
			t.Fatal(err)
		}
		opened, err1 := file.Stat()
		stdout, err2 := os.Stdout.Stat()
		if err1 != nil || err2 != nil || !os.SameFile(opened, stdout) {
			t.Errorf("%s is another file", path)
		}
		p.must(file.Close())
	}
}

func TestChmod(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, file+".link"); err != nil {
		t.Fatal(err)
	}
	_ = Chmod(file+".link", 0o666) // on some systems links have a mode
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Error(info, err)
	}
	if err := Chmod(file, 0o640); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o640 {
		t.Error(info, err)
	}
	if err := Chmod(file+".none", 0o640); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
