package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/system/bound"
)

// Socket is the listening socket of a FastCGI program. Its processes have it
// together: it is open while at least one of them is alive or about to be born.
// A connection that comes when none accepts waits in the backlog.
type Socket struct {
	conf *config.FastCGISocket
	log  *slog.Logger
	bind func(context.Context, bound.TCPOptions) (fd int, err error)

	mu      sync.Mutex
	users   int
	file    *os.File    // nil without users
	bound   *bound.File // the file of a unix socket, to know it again
	failure error       // of the last attempt, while until lies ahead
	retryAt time.Time   // when a creation that took long to fail is tried again at the soonest
}

const (
	// lookupTimeout is how long the lookup of a host name may take. Whoever waits
	// for it does nothing else: the owner of a process obeys no stop, and neither
	// does the supervisor while it adds a group.
	lookupTimeout = 2 * time.Second
	// slowFailure is the time after which a failure counts as slow. It is then the
	// answer to all who come in the same time after it: the processes of a program
	// wait for one another, and would each wait for the lookup in turn.
	slowFailure = 500 * time.Millisecond
)

// NewSocket returns a socket that is not open.
func NewSocket(conf *config.FastCGISocket, log *slog.Logger) *Socket {
	return &Socket{conf: conf, log: log, bind: bound.TCP}
}

// Acquire implements Listening. A host name is looked up when the socket is
// created, which takes two seconds at most.
func (s *Socket) Acquire() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		if err := s.open(); err != nil {
			return nil, err
		}
	}
	s.users++
	return s.file, nil
}

// open creates the socket, unless that has just failed slowly.
func (s *Socket) open() error {
	started := time.Now()
	if started.Before(s.retryAt) {
		return s.failure
	}
	s.log.Info("Creating socket " + s.conf.URL)
	err := s.create()
	if err == nil {
		return nil
	}
	s.failure = &socketError{"Could not create FastCGI socket " + s.conf.URL + ": " + errnoText(err), err}
	if now := time.Now(); now.Sub(started) > slowFailure {
		s.retryAt = now.Add(slowFailure)
	}
	return s.failure
}

// socketError is why there is no socket, in words.
type socketError struct {
	text  string
	cause error
}

func (e *socketError) Error() string { return e.text }

func (e *socketError) Unwrap() error { return e.cause }

// Release implements Listening.
func (s *Socket) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	s.log.Info("Closing socket " + s.conf.URL)
	s.bound.Remove() // while it is open, so that no other file can have its number
	s.file.Close()
	s.file, s.bound = nil, nil
}

func (s *Socket) create() error {
	var fd int
	var err error
	if s.conf.Family == "unix" {
		fd, s.bound, err = bound.Unix(s.unixOptions())
	} else {
		// Supervisor speaks IPv4 only.
		ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
		defer cancel()
		fd, err = s.bind(ctx, bound.TCPOptions{
			Host: s.conf.Host, Port: s.conf.Port, OnlyIPv4: true, Backlog: s.conf.Backlog,
		})
	}
	if err != nil {
		return err
	}
	s.file = os.NewFile(uintptr(fd), "socket")
	return nil
}

// unixOptions says where a unix socket is. It takes the place of whatever file has its
// name: like Supervisor it does not ask whether somebody else listens there.
func (s *Socket) unixOptions() bound.UnixOptions {
	return bound.UnixOptions{
		Path: s.conf.Path, Mode: s.conf.Mode, UID: s.conf.UID, GID: s.conf.GID, Backlog: s.conf.Backlog, Replace: true,
	}
}

// errnoText words an error of the system as Supervisor's users know it:
// "[Errno 2] No such file or directory".
func errnoText(err error) string {
	if file, ok := errors.AsType[*bound.FileError](err); ok {
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
