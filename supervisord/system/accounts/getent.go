package accounts

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// getentChildren says of each running getent, by pid, whether it was reaped. It is a variable of
// the package because children belong to the whole process.
var getentChildren = struct {
	sync.Mutex // held over each fork and each wait
	reaped     map[int]bool
}{reaped: make(map[int]bool)}

// Reap reaps a child of the process by calling wait, which must not block and returns the pid
// that it has reaped. Own is true if this package has started that child, so that the caller
// ignores it.
func Reap(wait func() (pid int, err error)) (pid int, own bool, err error) {
	getentChildren.Lock()
	defer getentChildren.Unlock()
	pid, err = wait()
	if _, own = getentChildren.reaped[pid]; own && err == nil {
		getentChildren.reaped[pid] = true
	}
	return pid, own && err == nil, err
}

// maxAnswer is how many bytes an answer may have: a group can have many members.
const maxAnswer = 1 << 20

// getent returns the first line of the answer, or ErrUnknown if there is none.
func (d Database) getent(database, key string) (string, error) {
	if key == "" || key[0] == '-' || strings.ContainsAny(key, ":\n\x00") {
		return "", ErrUnknown // no valid name, or an option
	}
	path, ok := d.findGetent()
	if !ok {
		return "", ErrUnknown
	}
	answer, out, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer answer.Close()
	pid, err := startGetent(path, out, database, key)
	out.Close()
	if err != nil {
		return "", err
	}
	defer killGetent(pid)
	if err := answer.SetReadDeadline(time.Now().Add(d.Timeout)); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(answer, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("getent %s %s: %w", database, key, err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line == "" {
		return "", ErrUnknown
	}
	return line, nil
}

func (d Database) findGetent() (path string, ok bool) {
	for _, dir := range d.Dirs {
		path := filepath.Join(dir, "getent")
		if unix.Access(path, unix.X_OK) == nil {
			return path, true
		}
	}
	return "", false
}

func startGetent(path string, out *os.File, database, key string) (pid int, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	getentChildren.Lock()
	defer getentChildren.Unlock()
	pid, err = syscall.ForkExec(path, []string{"getent", database, key}, &syscall.ProcAttr{
		Dir: "/", Env: []string{"PATH=/usr/bin:/bin", "LC_ALL=C"},
		Files: []uintptr{null.Fd(), out.Fd(), null.Fd()},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return 0, fmt.Errorf("execute %s: %w", path, err)
	}
	getentChildren.reaped[pid] = false
	return pid, nil
}

// killGetent kills a getent that has answered or takes too long, and reaps it unless Reap has
// done so. While the lock is held no other process gets its pid.
func killGetent(pid int) {
	getentChildren.Lock()
	defer getentChildren.Unlock()
	if !getentChildren.reaped[pid] {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		_ = syscall.Kill(pid, syscall.SIGKILL)
		for {
			if _, err := syscall.Wait4(pid, nil, 0, nil); err != syscall.EINTR {
				break
			}
		}
	}
	delete(getentChildren.reaped, pid)
}
