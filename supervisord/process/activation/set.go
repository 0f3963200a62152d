package activation

import (
	"fmt"
	"log/slog"
	"maps"
	"sync"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config"
	"supervisor/supervisord/system/descriptors"
)

// Set is all sockets of a daemon. A nil Set has none.
type Set struct {
	log *slog.Logger

	mu         sync.Mutex // guards what follows, and is never held while a socket is opened
	all        map[address]*socket
	handedOver bool                            // the files of the sockets belong to the next daemon
	holders    map[address]map[holder]struct{} // processes with a child that has the socket
}

// address identifies a socket: there is at most one of each.
type address struct {
	family, path, host string
	port               int
	reusePort          bool
}

func addressOf(c *config.ListenSocket) address {
	return address{c.Family, c.Path, c.Host, c.Port, c.ReusePort}
}

// New returns a set with the sockets that another binary handed over in this process.
func New(log *slog.Logger, saved []State, open descriptors.Set) *Set {
	s := &Set{log: log, all: make(map[address]*socket), holders: make(map[address]map[holder]struct{})}
	for _, state := range saved {
		if fd := open.Take(state.Key()); fd >= 0 {
			s.all[state.address()] = state.restore(fd)
		}
	}
	return s
}

// findOrCreate returns the socket of an address, new if there was none.
func (s *Set) findOrCreate(at address) *socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[at]
	if one == nil {
		one = &socket{fd: -1}
		s.all[at] = one
	}
	return one
}

// lookup returns the socket of an address, nil if no process has needed it yet.
func (s *Set) lookup(at address) *socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[at]
}

// Has reports whether all these sockets were needed before, or left by an earlier daemon.
func (s *Set) Has(list []*config.ListenSocket) bool {
	for _, c := range list {
		if s.lookup(addressOf(c)) == nil {
			return false
		}
	}
	return true
}

// acquire returns a duplicate of a socket, and opens the socket first if necessary.
func (s *Set) acquire(c *config.ListenSocket) (fd int, err error) {
	at := addressOf(c)
	for {
		one := s.findOrCreate(at)
		fd, removed, err := one.acquire(c, s.log, s.hasHolder(at))
		if !removed {
			return fd, err
		}
		s.forget(at, one)
	}
}

// forget removes a socket that was closed.
func (s *Set) forget(at address, removed *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[at] == removed {
		delete(s.all, at)
	}
}

// IsEmpty reports whether no socket was needed yet.
func (s *Set) IsEmpty() bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all) == 0
}

// KeepOnly closes all sockets except wanted ones.
func (s *Set) KeepOnly(wanted []*config.ListenSocket) {
	if s == nil {
		return
	}
	keep := make(map[address]bool, len(wanted))
	for _, c := range wanted {
		keep[addressOf(c)] = true
	}
	s.mu.Lock()
	unwanted := maps.Clone(s.all)
	s.mu.Unlock()
	maps.DeleteFunc(unwanted, func(at address, _ *socket) bool { return keep[at] })
	for at, one := range unwanted {
		one.close(s.log, true) // while it can be found, so that no other one is bound meanwhile
		s.forget(at, one)
	}
}

// Close closes all sockets, and removes their files unless they were handed over.
func (s *Set) Close() {
	s.mu.Lock()
	all, handedOver := s.all, s.handedOver
	s.all = make(map[address]*socket)
	s.mu.Unlock()
	for _, one := range all {
		one.close(s.log, !handedOver)
	}
}

// failure returns why a socket could not be opened, "" if it was, or was not needed yet.
func (s *Set) failure(c *config.ListenSocket) string {
	one := s.lookup(addressOf(c))
	if one == nil {
		return ""
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.failure
}

// duplicate returns another descriptor of a socket.
func duplicate(fd int) (int, error) {
	another, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return -1, fmt.Errorf("duplicate a socket: %w", err)
	}
	return another, nil
}
