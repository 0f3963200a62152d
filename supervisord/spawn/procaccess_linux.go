package spawn

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// withProcAccess runs f, which reads what the kernel shows of a process only to those who
// may trace it. Root without CAP_SYS_PTRACE, as in most containers, may not if the
// process is another user's; that user may. So if f is forbidden it runs again
// with that user's rights to files.
func withProcAccess(pid int, f func() error) error {
	err := f()
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if again := asUserOf(pid, f); again != nil {
		return errors.Join(err, again)
	}
	return nil
}

// asUserOf runs f with the rights to files of the user of a process. Only the thread
// that runs f has them, and it can be signalled by those only who could do so
// before: neither its user nor its effective user are changed. The kernel takes
// PR_DUMPABLE from a process that does this, as for each child that gets another
// user. It is not given back: such a child, which shares our memory until it
// executes its program, could be traced by its user then.
func asUserOf(pid int, f func() error) error {
	uid, gid, err := userOf(pid)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		was, mine := fileUser{setfsuid(-1), setfsgid(-1)}, fileUser{uid, gid}
		var result error = syscall.EPERM
		if mine.become() {
			result = f()
		}
		if was.become() { // else the thread ends with this goroutine
			runtime.UnlockOSThread()
		}
		done <- result
	}()
	return <-done
}

// fileUser is by whose rights a thread opens files.
type fileUser struct{ uid, gid int }

// become reports whether it has come to that.
func (u fileUser) become() bool {
	setfsgid(u.gid)
	setfsuid(u.uid)
	return setfsuid(-1) == u.uid && setfsgid(-1) == u.gid
}

// setfsuid returns what the thread had; -1 changes nothing. That a change is
// refused can't be seen.
func setfsuid(uid int) int {
	was, _ := unix.SetfsuidRetUid(uid)
	return was
}

func setfsgid(gid int) int {
	was, _ := unix.SetfsgidRetGid(gid)
	return was
}

// userOf returns the effective user and group of a process.
func userOf(pid int) (uid, gid int, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	find := func(name string) int {
		_, rest, _ := bytes.Cut(data, []byte("\n"+name+":"))
		if fields := bytes.Fields(rest); len(fields) > 1 {
			if n, err := strconv.Atoi(string(fields[1])); err == nil {
				return n
			}
		}
		return -1
	}
	if uid, gid = find("Uid"), find("Gid"); uid < 0 || gid < 0 {
		return 0, 0, fmt.Errorf("no user of process %d", pid)
	}
	return uid, gid, nil
}

// readProcFile is os.ReadFile for a file of a process that not everybody may read.
func readProcFile(pid int, name string) (data []byte, err error) {
	err = withProcAccess(pid, func() (err error) {
		data, err = os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		return err
	})
	return data, err
}
