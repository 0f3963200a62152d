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

const someone = 12345 // who is not root

// place is a directory with a file of root outside of it.
type place struct {
	t           *testing.T
	dir, victim string
}

func newPlace(t *testing.T, owner int, mode fs.FileMode) place {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: only root is concerned")
	}
	base := t.TempDir()
	p := place{t, filepath.Join(base, "dir"), filepath.Join(base, "victim")}
	p.must(os.Mkdir(p.dir, 0o755))
	p.must(os.Chmod(p.dir, mode)) // the umask
	p.must(os.Chown(p.dir, owner, owner))
	p.must(os.WriteFile(p.victim, []byte("precious"), 0o644))
	return p
}

func (p place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// try opens a log as root and reports whether that worked. When it did not
// the file outside must be as it was.
func (p place) try(path string) error {
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

func (p place) untouched() {
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
		{"root's own", 0, 0o755, 0, true},
		{"given to others in root's own", 0, 0o755, someone, true},
		{"root's in a directory of others", someone, 0o755, 0, true},
		{"of others in their directory", someone, 0o755, someone, false},
		{"of others in a common directory", 0, 0o777, someone, false},
		{"of others in a sticky directory", 0, 0o777 | fs.ModeSticky, someone, false},
		{"root's in a sticky directory", 0, 0o777 | fs.ModeSticky, 0, true},
		{"of others in a group's directory", 0, 0o775, someone, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, target := range []string{"../victim", "../victim.new", "absolute"} {
				p := newPlace(t, tt.owner, tt.mode)
				if target == "absolute" {
					target = p.victim
				}
				log := filepath.Join(p.dir, "log")
				p.must(os.Symlink(target, log))
				p.must(os.Lchown(log, tt.linkedBy, tt.linkedBy))
				err := p.try(log)
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
				p.untouched()
			}
		})
	}
}

func TestSecondNames(t *testing.T) {
	t.Parallel()
	for mode, refused := range map[fs.FileMode]bool{0o755: false, 0o777: true, 0o777 | fs.ModeSticky: true} {
		p := newPlace(t, 0, mode)
		log := filepath.Join(p.dir, "log")
		p.must(os.Link(p.victim, log))
		if err := p.try(log); errors.Is(err, ErrLink) != refused {
			t.Errorf("%v: %v", mode, err)
		}
		if refused {
			p.untouched()
		}
	}
	// A link of root's can be given a second name too.
	p := newPlace(t, someone, 0o755)
	p.must(os.Symlink(p.victim, p.victim+".link"))
	log := filepath.Join(p.dir, "log")
	p.must(os.Link(p.victim+".link", log))
	if err := p.try(log); !errors.Is(err, ErrLink) {
		t.Error(err)
	}
	p.untouched()
}

// TestChains: each link is judged by where it is, not by who leads to it.
func TestChains(t *testing.T) {
	t.Parallel()
	p := newPlace(t, someone, 0o755)
	outside := filepath.Join(filepath.Dir(p.dir), "root's")
	p.must(os.Symlink("dir/link", outside))
	p.must(os.Symlink(p.victim, filepath.Join(p.dir, "link")))
	p.must(os.Lchown(filepath.Join(p.dir, "link"), someone, someone))
	if err := p.try(outside); !errors.Is(err, ErrLink) {
		t.Error(err)
	}
	p.untouched()
	round := filepath.Join(filepath.Dir(p.dir), "round")
	p.must(os.Symlink(round, round))
	if err := p.try(round); !errors.Is(err, syscall.ELOOP) {
		t.Error(err)
	}
}

// TestAboveALink: ".." is the directory above the one that a link leads to.
func TestAboveALink(t *testing.T) {
	t.Parallel()
	p := newPlace(t, 0, 0o755)
	p.must(os.MkdirAll(filepath.Join(p.dir, "a/b"), 0o755))
	p.must(os.Symlink("a/b", filepath.Join(p.dir, "short")))
	p.must(os.Symlink("../log", filepath.Join(p.dir, "a/b/link")))
	p.must(p.try(filepath.Join(p.dir, "short/link")))
	if data, err := os.ReadFile(filepath.Join(p.dir, "a/log")); string(data) != "log" {
		t.Error(data, err)
	}
}

func TestWhatIsNoLink(t *testing.T) {
	t.Parallel()
	p := newPlace(t, someone, 0o777)
	log := filepath.Join(p.dir, "log")
	for range 2 {
		p.must(p.try(log))
	}
	if data, _ := os.ReadFile(log); string(data) != "log" {
		t.Errorf("%q", data)
	}
	p.must(p.try("/dev/null"))
	p.must(os.Symlink("/dev/null", filepath.Join(filepath.Dir(p.dir), "null")))
	p.must(p.try(filepath.Join(filepath.Dir(p.dir), "null")))
	for path, want := range map[string]error{
		p.dir: syscall.EISDIR, p.dir + "/": syscall.EISDIR, "": syscall.EISDIR,
		filepath.Join(p.dir, "none/log"): syscall.ENOENT, log + "/log": syscall.ENOTDIR,
	} {
		if err := p.try(path); !errors.Is(err, want) {
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

// TestStandardOutput: links to it are how logs of containers are made, whoever
// has the directory.
func TestStandardOutput(t *testing.T) {
	t.Parallel()
	p := newPlace(t, someone, 0o755)
	log := filepath.Join(p.dir, "log")
	p.must(os.Symlink("/dev/stdout", log))
	for _, path := range []string{log, "/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"} {
		file, err := Open(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o666)
		if err != nil {
			if errors.Is(err, syscall.ENXIO) {
				continue // it is a socket, which no name leads to
			}
			t.Fatal(err)
		}
		mine, err1 := file.Stat()
		stdout, err2 := os.Stdout.Stat()
		if err1 != nil || err2 != nil || !os.SameFile(mine, stdout) {
			t.Errorf("%s is something else", path)
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
	_ = Chmod(file+".link", 0o666) // some systems have modes of links
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
