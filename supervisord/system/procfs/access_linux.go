package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// WithAccess runs f, which reads what the kernel shows of a process only to those who
// may trace it. Root without CAP_SYS_PTRACE, as in most containers, may not trace another
// user's process; that user may. So if f returns fs.ErrPermission, it runs again with
// that user's rights to files.
func WithAccess(pid int, f func() error) error {
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
// that runs f has them. Its user and effective user stay, so nobody else may signal it.
// The kernel clears PR_DUMPABLE of a process that does this, as it does for each child
// that gets another user. The flag stays cleared: a child shares our memory until it
// executes its program, and with the flag set its user could trace it.
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

// fileUser is the user and group with whose rights a thread opens files.
type fileUser struct{ uid, gid int }

// become sets the thread's file user, and reports whether that worked.
func (u fileUser) become() bool {
	setfsgid(u.gid)
	setfsuid(u.uid)
	return setfsuid(-1) == u.uid && setfsgid(-1) == u.gid
}

// setfsuid returns the previous user; -1 changes nothing. The system call does not
// report a refusal.
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

// ReadFile reads the file /proc/PID/NAME, which not everybody may read.
func ReadFile(pid int, name string) (data []byte, err error) {
	err = WithAccess(pid, func() (err error) {
		data, err = os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		return err
	})
	return data, err
}

const (
	execPause = time.Millisecond
	execTries = 1000
)

// Environ reads the environment with which a process was started: each NAME=value is
// followed by a 0. A zombie has none. While a process executes a new program, the kernel
// shows none for a moment, as if the process were somebody else's; Environ waits for the
// end of that, at most about a second.
func Environ(pid int) (data []byte, err error) {
	empty := 0
	for range execTries {
		data, err = ReadFile(pid, "environ")
		if err != nil || len(data) > 0 || !hasExecutable(pid) {
			break
		}
		arguments, err := ReadFile(pid, "cmdline")
		switch {
		case err != nil:
			return nil, err
		case len(arguments) == 0: // it is executing
			time.Sleep(execPause)
		case empty == 2: // an environment without variables
			return nil, nil
		default: // the two were read before and after the end of it
			empty++
		}
	}
	return data, err
}

// hasExecutable reports whether a process runs a program, unlike a zombie and a thread of
// the kernel.
func hasExecutable(pid int) bool {
	return WithAccess(pid, func() error {
		_, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		return err
	}) == nil
}

// HasVariables reports whether a process lives and was started with all of these
// NAME=value in its environment. A zombie has none.
func HasVariables(pid int, variables []string) bool {
	data, err := Environ(pid)
	if err != nil {
		return false
	}
	found := 0
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		for _, v := range variables {
			if string(entry) == v {
				found++
			}
		}
	}
	return found == len(variables)
}
