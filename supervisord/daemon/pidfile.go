package daemon

import (
	"errors"
	"os"
	"strconv"
	"syscall"

	"supervisor/supervisord/safeopen"
)

// WritePidfile writes the daemon's pid, replacing what an earlier one left.
func WritePidfile(path string) error {
	file, err := safeopen.Open(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_, err = file.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	return errors.Join(err, file.Close())
}

// SetUmask sets the file mode creation mask of the daemon and of the children
// that don't have their own.
func SetUmask(mask int) { syscall.Umask(mask) }
