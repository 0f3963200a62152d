package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// seccompArg as argv[1] makes the test binary execute a command under a seccomp filter.
const seccompArg = "testkit-seccomp"

// SeccompRule makes a system call fail, as seccomp profiles of containers and older
// kernels do.
type SeccompRule struct {
	Call  uintptr
	Errno syscall.Errno
	// Flag restricts the rule to calls whose second argument has this bit, 0 for all calls.
	Flag uint32
}

// SeccompCommand is the argv that executes a command under these rules, which hold for
// its children, too. The TestMain of the binary must call ApplySeccomp first.
func SeccompCommand(list []SeccompRule, command ...string) []string {
	args := []string{Binary(), seccompArg}
	for _, d := range list {
		args = append(args, fmt.Sprintf("%d:%d:%d", d.Call, d.Flag, int(d.Errno)))
	}
	return append(append(args, "--"), command...)
}

// ApplySeccomp executes the command if this process was started by a SeccompCommand.
func ApplySeccomp() {
	if len(os.Args) < 2 || os.Args[1] != seccompArg {
		return
	}
	end := slices.Index(os.Args, "--")
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}} // load the number of the system call
	for _, rule := range os.Args[2:end] {
		filter = append(filter, seccompFilter(rule)...)
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	runtime.LockOSThread() // the filter belongs to the thread, which must be the one that executes
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		panic(err)
	}
	path, err := exec.LookPath(os.Args[end+1])
	if err != nil {
		panic(err)
	}
	panic(syscall.Exec(path, os.Args[end+1:], os.Environ()))
}

// seccompFilter is the BPF program of a rule.
func seccompFilter(rule string) []unix.SockFilter {
	var numbers [3]uint32
	for i, text := range strings.Split(rule, ":") {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			panic(err)
		}
		numbers[i] = uint32(n)
	}
	call, flag, errno := numbers[0], numbers[1], numbers[2]
	answer := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | errno}
	if flag == 0 {
		return []unix.SockFilter{{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1}, answer}
	}
	const secondArgument = 16 + 8 // in struct seccomp_data
	return []unix.SockFilter{
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 4},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: secondArgument},
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: flag, Jf: 1},
		answer,
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
	}
}

// WithoutPidfds returns rules for the ways in which kernels, seccomp filters and limits
// refuse pidfds or some of their uses.
func WithoutPidfds() map[string][]SeccompRule {
	return map[string][]SeccompRule{
		"a kernel before pidfds": {
			{Call: unix.SYS_PIDFD_OPEN, Errno: unix.ENOSYS}, {Call: unix.SYS_PIDFD_SEND_SIGNAL, Errno: unix.ENOSYS}, {Call: unix.SYS_PIDFD_GETFD, Errno: unix.ENOSYS},
		},
		"a filter with EPERM":      {{Call: unix.SYS_PIDFD_OPEN, Errno: unix.EPERM}},
		"a filter with EINVAL":     {{Call: unix.SYS_PIDFD_OPEN, Errno: unix.EINVAL}},
		"a filter of signals":      {{Call: unix.SYS_PIDFD_SEND_SIGNAL, Errno: unix.EPERM}},
		"a kernel before the flag": {{Call: unix.SYS_PIDFD_OPEN, Errno: unix.EINVAL, Flag: unix.PIDFD_NONBLOCK}},
		"no descriptors left":      {{Call: unix.SYS_PIDFD_OPEN, Errno: unix.EMFILE}},
	}
}
