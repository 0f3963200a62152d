package source

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config/python"
	"supervisor/supervisord/system/accounts"
)

// Host is what the meaning of configuration files depends on besides their texts: the
// machine and the process that reads them. It is captured once at start, so a file
// that is read again means the same, whatever the daemon did to itself in between.
type Host struct {
	Environ []string // NAME=value, what ENV_ names and ~ refer to
	Name    string   // host_node_name
	Cwd     string   // start of relative paths
	TempDir string   // default of childlogdir=
	UID     int      // of the process

	IsDir   func(path string) bool
	User    func(name string) (Account, bool)
	UserID  func(uid int) (Account, bool)
	Group   func(name string) (gid int, ok bool)
	GroupID func(gid int) bool // whether there is such a group
}

// Account is a user of the system.
type Account struct {
	UID, GID int
	Home     string
}

// ThisHost describes the real machine and process as they are now.
func ThisHost() Host {
	users := accounts.System()
	h := Host{
		Environ: os.Environ(),
		UID:     os.Getuid(),
		IsDir:   isDir,
		User:    func(name string) (Account, bool) { return account(users.User(name)) },
		UserID:  func(uid int) (Account, bool) { return account(users.UserID(uid)) },
		Group: func(name string) (int, bool) {
			gid, err := users.Group(name)
			return gid, err == nil
		},
		GroupID: users.HasGroup,
	}
	h.Name, _ = os.Hostname()
	// os.Getwd would prefer $PWD, which may contain symbolic links. Clients see
	// paths derived from it and expect the real one.
	h.Cwd, _ = syscall.Getwd()
	h.TempDir = h.tempDir()
	return h
}

// tempDir applies Python's rule: the first directory that can be written to.
func (h *Host) tempDir() string {
	candidates := []string{"/tmp", "/var/tmp", "/usr/tmp", h.Cwd}
	for _, name := range []string{"TMP", "TEMP", "TMPDIR"} {
		if dir, ok := h.env(name); ok && dir != "" {
			candidates = append([]string{dir}, candidates...)
		}
	}
	for _, dir := range candidates {
		dir = python.Absolute(h.Cwd, dir)
		if isDir(dir) && unix.Access(dir, unix.W_OK|unix.X_OK) == nil {
			return dir
		}
	}
	return h.Cwd
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func account(u accounts.User, err error) (Account, bool) {
	return Account{UID: u.UID, GID: u.GID, Home: u.Home}, err == nil
}

func (h *Host) env(name string) (string, bool) {
	for _, e := range h.Environ {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// ExpandUser replaces a leading ~ or ~user. An unknown user stays as it is.
func (h *Host) ExpandUser(p string) string {
	if !strings.HasPrefix(p, "~") {
		return p
	}
	name, rest := p[1:], ""
	if i := strings.IndexByte(p, '/'); i >= 0 {
		name, rest = p[1:i], p[i:]
	}
	home, ok := h.home(name)
	if !ok {
		return p
	}
	if p = strings.TrimRight(home, "/") + rest; p == "" {
		return "/"
	}
	return p
}

// home finds the home directory of a user, "" being the current one.
func (h *Host) home(name string) (string, bool) {
	if name == "" {
		if home, ok := h.env("HOME"); ok {
			return home, true
		}
		a, ok := h.UserID(h.UID)
		return a.Home, ok
	}
	a, ok := h.User(name)
	return a.Home, ok
}

// Normalize makes a path absolute and expands a leading ~.
func (h *Host) Normalize(p string) string { return python.Absolute(h.Cwd, h.ExpandUser(p)) }

// DirExists reports whether a path, which may be relative, is a directory.
func (h *Host) DirExists(p string) bool { return p != "" && h.IsDir(python.Join(h.Cwd, p)) }
