package safeopen

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrNotOwned is the error for a file of this process that is no regular file, or that another
// user owns or can write to.
var ErrNotOwned = errors.New("it is no file, or other users own it or can write to it")

// OpenOwn opens a file that belongs to this process alone, such as a record. It never blocks.
// For every user it returns ErrLink if the last element of the path is a link or the file has a
// second name, and ErrNotOwned if the file can't be this user's own. All errors are of type
// *fs.PathError. The flag O_TRUNC is not supported.
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

// tempSuffix precedes the pid in the name: files of others may end in a number.
const tempSuffix = ".new"

// TempName returns the name under which this process makes a file that it will rename to path
// once it is complete. It removes the temporary files of processes that have exited.
func TempName(path string) string {
	dir, base := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean(dir + ".")) // without the directory there are no files
	for _, e := range entries {
		suffix, found := strings.CutPrefix(e.Name(), base+tempSuffix)
		pid, err := strconv.Atoi(suffix)
		if found && err == nil && pid > 0 && syscall.Kill(pid, 0) == syscall.ESRCH {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	return path + tempSuffix + strconv.Itoa(os.Getpid())
}
