package activation

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/system/sockets"
)

// socket is one socket of a Set.
type socket struct {
	mu       sync.Mutex // held while it is opened
	removed  bool       // from the set
	conf     config.ListenSocket
	fd       int // -1 while it is not open
	file     *sockets.File
	failure  string // why it can't be opened
	attempts sockets.Attempts
}

// acquire returns a duplicate for a child. removed says that the socket is not in the set
// any more and must be looked up again. If no child has the socket, it is made blocking, as
// with systemd.
func (k *socket) acquire(c *config.ListenSocket, log *slog.Logger, inUse bool) (fd int, removed bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.removed {
		return -1, true, nil
	}
	if k.fd >= 0 && !inUse && c.Family == "unix" && !k.file.IsInPlace() {
		// A program has removed the file, as some do when they exit: clients can't
		// connect any more.
		log.Warn(fmt.Sprintf("[%s] the file of the socket is gone; it is made anew", c.Section))
		unix.Close(k.fd)
		k.fd = -1
	}
	if k.fd < 0 {
		if err := k.open(c, log); err != nil {
			return -1, false, err
		}
	} else {
		k.adjust(c, log)
	}
	if !inUse {
		_ = unix.SetNonblock(k.fd, false) // only a bad descriptor makes it fail
	}
	fd, err = duplicate(k.fd)
	return fd, false, err
}

func (k *socket) open(c *config.ListenSocket, log *slog.Logger) error {
	return k.attempts.Do(func() (err error) {
		if k.fd, k.file, err = listenOptions(c).Listen(); err != nil {
			text := fmt.Sprintf("[%s] can't listen on %s: %s", c.Section, c.URL, errorText(err))
			if text != k.failure { // each start of a program tries again
				log.Error(text)
			}
			k.failure = text
			return errors.New(text)
		}
		k.failure, k.conf = "", *c
		log.Info(fmt.Sprintf("[%s] listens on %s", c.Section, c.URL))
		return nil
	})
}

func listenOptions(c *config.ListenSocket) sockets.Options {
	if c.Family == "unix" {
		o := unixOptions(c)
		return sockets.Options{Unix: &o}
	}
	return sockets.Options{TCP: tcpOptions(c)}
}

func unixOptions(c *config.ListenSocket) sockets.UnixOptions {
	return sockets.UnixOptions{Path: c.Path, Mode: c.Mode, UID: c.UID, GID: c.GID, Backlog: c.Backlog}
}

func tcpOptions(c *config.ListenSocket) sockets.TCPOptions {
	return sockets.TCPOptions{Host: c.Host, Port: c.Port, ReusePort: c.ReusePort, Backlog: c.Backlog}
}

// adjust changes an open socket to what its section says, which has changed or is not
// known of a socket of an earlier daemon.
func (k *socket) adjust(c *config.ListenSocket, log *slog.Logger) {
	old := k.conf
	if old == *c {
		return
	}
	k.conf = *c
	if old.Backlog != c.Backlog {
		if err := sockets.SetBacklog(k.fd, c.Backlog); err != nil {
			log.Warn(fmt.Sprintf("[%s] set the backlog: %s", c.Section, errorText(err)))
		}
	}
	if c.Family == "unix" && (old.Mode != c.Mode || old.UID != c.UID || old.GID != c.GID) && k.file.IsInPlace() {
		if err := unixOptions(c).SetOwnerAndMode(); err != nil {
			log.Warn(fmt.Sprintf("[%s] %s", c.Section, errorText(err)))
		}
	}
}

// close closes the socket. It removes the file first, see sockets.File.
func (k *socket) close(log *slog.Logger, remove bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.removed = true
	if k.fd < 0 {
		return
	}
	if remove {
		k.file.Remove()
		log.Info(fmt.Sprintf("[%s] listens on %s no more", k.conf.Section, k.conf.URL))
	}
	unix.Close(k.fd)
	k.fd = -1
}

// errorText says in words why a socket can't be opened.
func errorText(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsTimeout {
			return fmt.Sprintf("the address of %s is not known after %s", dns.Name, sockets.LookupTimeout)
		}
		return fmt.Sprintf("the address of %s is not known: %s", dns.Name, dns.Err)
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another process listens there (" + err.Error() + ")"
	case errors.Is(err, syscall.ENOENT):
		return "the directory does not exist (" + err.Error() + ")"
	}
	return err.Error()
}

func (k *socket) describe(info *api.SocketInfo) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.fd >= 0:
		info.State = "open"
		if waiting, limit, err := sockets.Queue(k.fd); err == nil {
			info.Waiting, info.Backlog = waiting, limit
		}
	case k.failure != "":
		info.State, info.Error = "failed", k.failure
	}
}
