package executable

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// auxExecutedPath is AT_EXECFN of getauxval(3).
const auxExecutedPath = 31

// executedPath returns the path with which execve(2) was called, "" if it is unknown. Unlike
// /proc/self/exe it needs no /proc, and it keeps symbolic links.
func executedPath() string {
	vector, err := unix.Auxv()
	if err != nil {
		return ""
	}
	for i := range vector {
		if vector[i][0] == auxExecutedPath {
			// The kernel has put the text above the stack, where it stays.
			return unix.BytePtrToString(*(**byte)(unsafe.Pointer(&vector[i][1])))
		}
	}
	return ""
}
