//go:build linux && (amd64 || arm64)

package inherited

import "unsafe"

// limit is the kernel's struct rlimit64.
type limit struct{ soft, hard uint64 }

const rlimitNofile = 7

// rawSyscall6 is used by its linker name, because an imported syscall would be initialized
// first.
//
//go:linkname rawSyscall6 syscall.RawSyscall6
func rawSyscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2, errno uintptr)

var (
	nofile limit
	known  = read()
)

func read() bool {
	_, _, errno := rawSyscall6(prlimit64, 0, rlimitNofile, 0, uintptr(unsafe.Pointer(&nofile)), 0, 0)
	return errno == 0
}

// Nofile returns the soft limit of open files with which the process was started, and whether
// it is known.
func Nofile() (soft uint64, ok bool) { return nofile.soft, known }
