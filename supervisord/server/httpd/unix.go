package httpd

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"supervisor/supervisord/system/sockets"
)

// bindUnix listens at the configured path. A stale socket is removed, and stderr is
// told, as Supervisor does.
func (ep *endpoint) bindUnix(stderr io.Writer) (err error) {
	o := sockets.UnixOptions{Path: ep.Path, Mode: ep.Mode, UID: ep.UID, GID: ep.GID}
	l, file, err := sockets.Linked(o, func() { fmt.Fprintf(stderr, "Unlinking stale socket %s\n", ep.Path) })
	if owner, ok := errors.AsType[*sockets.FileError](err); ok {
		if errors.Is(owner.Err, syscall.EPERM) {
			return &chownError{ep.Path, ep.UID, ep.GID}
		}
		return owner.Err
	}
	if err != nil {
		return err
	}
	ep.Listener, ep.file = l, file
	return nil
}

// removeFile removes the socket from the file system if it is still ours. The
// socket must still be open, see sockets.File.
func (ep *endpoint) removeFile() { ep.removed.Do(ep.file.Remove) }
