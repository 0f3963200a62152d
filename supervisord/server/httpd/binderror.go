package httpd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/sockets"
)

// BindError reports, in Supervisor's words, why a server's socket could not be opened.
type BindError struct{ Err error }

// Error returns the text that follows "Error: " on stderr.
func (e *BindError) Error() string {
	const cannot = "Cannot open an HTTP server: socket.error reported "
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return "Another program is already listening on a port that one of our HTTP servers is configured to use." +
			"  Shut this program down first before starting supervisord."
	}
	if errno, ok := errors.AsType[syscall.Errno](e.Err); ok {
		return fmt.Sprintf("%serrno.%s (%d)", cannot, unix.ErrnoName(errno), int(errno))
	}
	if dns, ok := errors.AsType[*net.DNSError](e.Err); ok {
		return fmt.Sprintf("%s%d", cannot, resolverCode(dns))
	}
	if errors.Is(e.Err, sockets.ErrPathTooLong) {
		return cannot + sockets.ErrPathTooLong.Error()
	}
	return e.Err.Error()
}

// Unwrap returns the error of the failed call.
func (e *BindError) Unwrap() error { return e.Err }

// chownError reports that the daemon may not give a socket to its configured owner.
type chownError struct {
	path     string
	uid, gid int
}

func (e *chownError) Error() string {
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return fmt.Sprintf("Not permitted to chown %s to uid/gid (%d, %d); adjust \"sockchown\" value in config file or on command line"+
		" to values that the current user (%s) can successfully chown", e.path, e.uid, e.gid, name)
}

// resolverCode returns what getaddrinfo(3) would have returned: EAI_AGAIN or
// EAI_NONAME.
func resolverCode(e *net.DNSError) int {
	if e.IsTemporary {
		return -3
	}
	return -2
}
