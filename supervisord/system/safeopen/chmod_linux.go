package safeopen

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// chmodNoLink is for kernels before 6.6, which have no chmod that follows no link.
// The file is held while its mode is changed, so that nobody can put a link in its
// place in between.
func chmodNoLink(path string, mode uint32) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return unix.EOPNOTSUPP
	}
	fdPath := "/proc/self/fd/" + strconv.Itoa(fd)
	if _, err := os.Lstat(fdPath); err == nil || os.Geteuid() == 0 {
		return unix.Chmod(fdPath, mode)
	}
	return unix.Chmod(path, mode) // there is no /proc; only root could be misled
}
