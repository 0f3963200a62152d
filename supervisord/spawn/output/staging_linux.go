package output

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const fionread = unix.TIOCINQ

// allocate makes sure that the file has blocks on the disk up to size. Its content stays.
func allocate(f *os.File, size int64) error {
	var err error = unix.EINTR
	for err == unix.EINTR {
		err = unix.Fallocate(int(f.Fd()), 0, 0, size)
	}
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	info, err := f.Stat()
	if err != nil || info.Size() >= size {
		return err
	}
	_, err = f.WriteAt(make([]byte, size-info.Size()), info.Size())
	return err
}
