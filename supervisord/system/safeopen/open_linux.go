package safeopen

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// chmodNoLink is for kernels before 6.6, which have no system call for it. It opens the file
// and changes its mode through the descriptor, so that no link can replace it in between.
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
	return unix.Chmod(path, mode) // without /proc; other users can only mislead root
}

func openDir(path string) (int, error) {
	return unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// hasMagicLinks reports whether the links in a directory lead somewhere by the kernel's magic
// instead of by their text.
func hasMagicLinks(dir int) bool {
	var fs unix.Statfs_t
	return unix.Fstatfs(dir, &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC
}
