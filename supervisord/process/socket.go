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

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config"
	"supervisor/supervisord/python"
	"supervisor/supervisord/safeopen"
)

// Socket is the listening socket of a FastCGI program. Its processes have it
// together: it is open while at least one of them is alive or about to be born.
// A connection that comes when none accepts waits in the backlog.
type Socket struct {
	conf *config.Socket
	log  *slog.Logger

	mu    sync.Mutex
	users int
	file  *os.File    // nil without users
	bound os.FileInfo // the file of a unix socket, to know it again
}

// NewSocket returns a socket that is not open.
func NewSocket(conf *config.Socket, log *slog.Logger) *Socket {
	return &Socket{conf: conf, log: log}
}

// Acquire implements Listening. A host name is looked up when the socket is
// created, which blocks as long as the resolver does.
func (s *Socket) Acquire() (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		s.log.Info("Creating socket " + s.conf.URL)
		if err := s.create(); err != nil {
			return nil, fmt.Errorf("Could not create FastCGI socket %s: %s", s.conf.URL, reason(err))
		}
	}
	s.users++
	return s.file, nil
}

// Release implements Listening.
func (s *Socket) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	s.log.Info("Closing socket " + s.conf.URL)
	s.removeFile() // while it is open, so that no other file can have its number
	s.file.Close()
	s.file = nil
}

func (s *Socket) create() (err error) {
	if s.conf.Family == "unix" {
		s.file, err = s.createUnix()
	} else {
		s.file, err = s.createTCP()
	}
	return err
}

// createTCP speaks IPv4 only, as Supervisor does.
func (s *Socket) createTCP() (*os.File, error) {
	ips, err := net.DefaultResolver.LookupIP(context.Background(), "ip4", s.conf.Host)
	if err != nil {
		return nil, err
	}
	f, err := newSocket(unix.AF_INET)
	if err != nil {
		return nil, err
	}
	address := &unix.SockaddrInet4{Port: s.conf.Port, Addr: [4]byte(ips[0].To4())}
	err = unix.SetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil {
		err = s.listen(f, address)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// createUnix takes the place of whatever file has the socket's name. Like
// Supervisor it does not ask whether somebody else listens there.
func (s *Socket) createUnix() (*os.File, error) {
	if len(s.conf.Path) >= len(unix.RawSockaddrUnix{}.Path) {
		return nil, errors.New("AF_UNIX path too long")
	}
	if _, err := os.Stat(s.conf.Path); err == nil {
		if err := unix.Unlink(s.conf.Path); err != nil {
			return nil, &fs.PathError{Op: "unlink", Path: s.conf.Path, Err: err}
		}
	}
	f, err := newSocket(unix.AF_UNIX)
	if err != nil {
		return nil, err
	}
	if err := s.settle(f); err != nil {
		s.removeFile()
		f.Close()
		return nil, err
	}
	return f, nil
}

// settle gives the socket its name, owner and mode. Nobody can connect before
// it listens, which comes last.
func (s *Socket) settle(f *os.File) (err error) {
	path := s.conf.Path
	if err := unix.Bind(int(f.Fd()), &unix.SockaddrUnix{Name: path}); err != nil {
		return err
	}
	if s.bound, err = os.Lstat(path); err != nil {
		return err
	}
	if s.conf.UID >= 0 || s.conf.GID >= 0 {
		if err := os.Lchown(path, s.conf.UID, s.conf.GID); err != nil {
			return fmt.Errorf("Could not change ownership of socket file: %s", reason(err))
		}
	}
	if err := safeopen.Chmod(path, s.conf.Mode); err != nil {
		return fmt.Errorf("Could not change permissions of socket file: %s", reason(err))
	}
	return unix.Listen(int(f.Fd()), s.backlog())
}

func (s *Socket) listen(f *os.File, address unix.Sockaddr) error {
	if err := unix.Bind(int(f.Fd()), address); err != nil {
		return err
	}
	return unix.Listen(int(f.Fd()), s.backlog())
}

func (s *Socket) backlog() int {
	if s.conf.Backlog > 0 {
		return s.conf.Backlog
	}
	return unix.SOMAXCONN
}

// newSocket returns a socket that blocks, because children expect so of what
// they get, and that they don't inherit by accident. The fork lock sees to it
// on systems where it takes two calls.
func newSocket(family int) (*os.File, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "socket"), nil
}

// removeFile removes the file of a unix socket if it is still the one that was
// made: another daemon may have put its own in its place.
func (s *Socket) removeFile() {
	if s.bound == nil {
		return
	}
	if now, err := os.Lstat(s.conf.Path); err == nil && os.SameFile(now, s.bound) {
		os.Remove(s.conf.Path)
	}
	s.bound = nil
}

// reason words an error of the system as Supervisor's users know it:
// "[Errno 2] No such file or directory".
func reason(err error) string {
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
