package process

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"strings"
	"syscall"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/system/sockets"
)

// NewSocket returns the listening socket of a FastCGI program, which its processes
// share. It is not open. Its errors have Supervisor's words.
func NewSocket(conf *config.FastCGISocket, log *slog.Logger) *sockets.Shared {
	return sockets.NewShared(sockets.SharedOptions{
		Options: socketOptions(conf), URL: conf.URL, Log: log,
		Wrap: func(err error) error { return newSocketError(conf, err) },
	})
}

// socketOptions says where a socket listens. A unix socket replaces any file of its
// name: like Supervisor it does not check whether another process listens there.
func socketOptions(conf *config.FastCGISocket) sockets.Options {
	if conf.Family == "unix" {
		return sockets.Options{Unix: &sockets.UnixOptions{
			Path: conf.Path, Mode: conf.Mode, UID: conf.UID, GID: conf.GID, Backlog: conf.Backlog, Replace: true,
		}}
	}
	// Supervisor speaks IPv4 only.
	return sockets.Options{TCP: sockets.TCPOptions{Host: conf.Host, Port: conf.Port, OnlyIPv4: true, Backlog: conf.Backlog}}
}

// socketError says in Supervisor's words why there is no socket.
type socketError struct {
	text  string
	cause error
}

func newSocketError(conf *config.FastCGISocket, err error) error {
	return &socketError{"Could not create FastCGI socket " + conf.URL + ": " + errnoText(err), err}
}

func (e *socketError) Error() string { return e.text }

func (e *socketError) Unwrap() error { return e.cause }

// errnoText words an error of the system as Python does: "[Errno 2] No such file or
// directory".
func errnoText(err error) string {
	if file, ok := errors.AsType[*sockets.FileError](err); ok {
		return "Could not change " + file.What + " of socket file: " + errnoText(file.Err)
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		if dns.IsNotFound {
			return "[Errno -2] Name or service not known"
		}
		return "[Errno -3] Temporary failure in name resolution"
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	text := errno.Error()
	text = fmt.Sprintf("[Errno %d] %s%s", int(errno), strings.ToUpper(text[:1]), text[1:])
	var path *fs.PathError
	if errors.As(err, &path) {
		text += ": " + python.Repr(path.Path)
	}
	return text
}
