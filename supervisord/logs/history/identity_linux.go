package history

import (
	"os"

	"golang.org/x/sys/unix"
)

// birthOf returns when a file was created, 0 if the file system does not know.
func birthOf(file *os.File) int64 {
	var st unix.Statx_t
	err := unix.Statx(int(file.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return st.Btime.Sec*1e9 + int64(st.Btime.Nsec)
}
