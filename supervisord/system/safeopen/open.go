package safeopen

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrLink is the error for a path with a link that another user may have made.
var ErrLink = errors.New("it is a link that others than root can have put there")

// maxLinks is how many links one path may have.
const maxLinks = 16

// Open is [os.OpenFile], except that for root it does not follow links of other
// users. Errors are of type *fs.PathError.
func Open(path string, flag int, mode fs.FileMode) (*os.File, error) {
	if os.Geteuid() != 0 {
		return os.OpenFile(path, flag, mode)
	}
	return open(path, flag, mode)
}

func open(path string, flag int, mode fs.FileMode) (*os.File, error) {
	// No file may be truncated before it was checked.
	const truncFlag = os.O_TRUNC
	step := path
	for range maxLinks {
		file, next, err := openStep(step, flag&^truncFlag, mode)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
		if file == nil {
			step = next
			continue
		}
		if flag&truncFlag != 0 {
			if err := truncate(file); err != nil {
				file.Close()
				return nil, err
			}
		}
		return file, nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
}

// truncate truncates a regular file, as O_TRUNC does.
func truncate(file *os.File) error {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	return file.Truncate(0)
}

// openStep opens a path. If it is a link, openStep returns its target instead.
func openStep(path string, flag int, mode fs.FileMode) (file *os.File, next string, err error) {
	parent, base := filepath.Split(path)
	if base == "" {
		return nil, "", syscall.EISDIR
	}
	if parent == "" {
		parent = "./"
	}
	dir, err := openDir(parent)
	if err != nil {
		return nil, "", err
	}
	defer unix.Close(dir)
	var st unix.Stat_t
	if err := unix.Fstat(dir, &st); err != nil {
		return nil, "", err
	}
	trusted := isRootOnly(&st)
	if hasMagicLinks(dir) {
		// The text of a link such as /proc/self/fd/1 is not its target.
		file, err = openAt(dir, base, path, flag, mode)
		return file, "", err
	}
	file, err = openAt(dir, base, path, flag|unix.O_NOFOLLOW, mode)
	if err == nil {
		return checkLinks(file, trusted)
	}
	if flag&os.O_EXCL != 0 {
		return nil, "", err
	}
	if next, linkErr := readLink(dir, base, trusted); linkErr != nil || next != "" {
		if !filepath.IsAbs(next) {
			next = parent + next // not Join: ".." after a link means the parent of its target
		}
		return nil, next, linkErr
	}
	return nil, "", err
}

// checkLinks returns the file, unless another user may have given it a second name.
func checkLinks(file *os.File, trusted bool) (*os.File, string, error) {
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, "", err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if ok && info.Mode().IsRegular() && st.Nlink > 1 && !trusted {
		file.Close()
		return nil, "", ErrLink
	}
	return file, "", nil
}

// readLink returns the target of a link, "" if the file is none.
func readLink(dir int, base string, trusted bool) (target string, err error) {
	var before, after unix.Stat_t
	if unix.Fstatat(dir, base, &before, unix.AT_SYMLINK_NOFOLLOW) != nil || before.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", nil
	}
	if !trusted && (before.Uid != 0 || before.Nlink > 1) {
		return "", ErrLink
	}
	text := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, base, text)
	if err != nil {
		return "", err
	}
	// The link that was checked must be the one that was read.
	err = unix.Fstatat(dir, base, &after, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil || after.Dev != before.Dev || after.Ino != before.Ino || after.Ctim != before.Ctim {
		return "", ErrLink
	}
	return string(text[:n]), nil
}

// isRootOnly reports whether only root can add files to a directory.
func isRootOnly(st *unix.Stat_t) bool { return st.Uid == 0 && st.Mode&0o022 == 0 }

func openAt(dir int, base, path string, flag int, mode fs.FileMode) (*os.File, error) {
	for {
		fd, err := unix.Openat(dir, base, flag|unix.O_CLOEXEC, uint32(mode.Perm()))
		if err == nil {
			return os.NewFile(uintptr(fd), path), nil
		}
		if err != unix.EINTR {
			return nil, err
		}
	}
}

// Chmod is chmod(2), except that it never changes the mode of a link's target.
func Chmod(path string, mode uint32) error {
	err := unix.Fchmodat(unix.AT_FDCWD, path, mode, unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.EOPNOTSUPP { // Linux before 6.6, or a link
		err = chmodNoLink(path, mode)
	}
	if err != nil {
		return &fs.PathError{Op: "chmod", Path: path, Err: err}
	}
	return nil
}
