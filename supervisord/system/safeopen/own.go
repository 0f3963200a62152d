package safeopen

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrNotOwned is the error for what another user owns or may write to, or what is no
// regular file, where this process keeps something of its own.
var ErrNotOwned = errors.New("it is no file, or other users own it or can write to it")

// OpenOwn opens a file that this process's user alone keeps, such as a record. It
// never blocks and follows no link in the last place, whoever the user is and whoever
// has made the link: ErrLink, also for a file with a second name. ErrForeign is for
// what can't be our own file. All errors are of type *fs.PathError. The flag O_TRUNC
// is not for this function.
func OpenOwn(path string, flag int, mode fs.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK, mode)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EMLINK) { // the latter on FreeBSD
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrLink}
	}
	if err != nil {
		return nil, err
	}
	if err := checkOwn(file); err != nil {
		file.Close()
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return file, nil
}

func checkOwn(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || !info.Mode().IsRegular() || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0:
		return ErrNotOwned
	case st.Nlink > 1:
		return ErrLink
	}
	return nil
}
