package activation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config"
	"supervisor/supervisord/system/sockets"
)

// Recover looks for sockets among the descriptors of a child of an earlier daemon, whatever
// their numbers. It skips those that are open already. It is called before a process that
// uses them is started. The error says why a socket on which the child may listen can't be
// had: no other process can listen there before the child exits.
func (s *Set) Recover(list []*config.ListenSocket, pid int) (lost error) {
	if s == nil {
		return nil
	}
	var missing []*config.ListenSocket
	for _, c := range list {
		if one := s.lookup(addressOf(c)); one == nil {
			missing = append(missing, c)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	pidfd, noPidfd := unix.PidfdOpen(pid, 0)
	switch noPidfd {
	case nil:
		defer unix.Close(pidfd)
	case unix.ESRCH:
		return nil // it has just exited
	}
	for _, c := range missing {
		fd, err := -1, os.NewSyscallError("pidfd_open", noPidfd)
		if noPidfd == nil {
			fd, err = findSocket(pid, pidfd, c)
		}
		switch {
		case err != nil:
			lost = fmt.Errorf("[%s] %w", c.Section, err)
			s.log.Warn(fmt.Sprintf("[%s] the socket of the adopted process %d can't be had: %v", c.Section, pid, err))
		case fd < 0:
			s.log.Warn(fmt.Sprintf("[%s] the adopted process %d does not listen on %s", c.Section, pid, c.URL))
		default:
			s.log.Info(fmt.Sprintf("[%s] goes on with the socket of the adopted process %d", c.Section, pid))
			s.addRecovered(c, fd)
		}
	}
	return lost
}

// addRecovered adds an open socket.
func (s *Set) addRecovered(c *config.ListenSocket, fd int) {
	k := &socket{fd: fd}
	k.conf.Section, k.conf.URL = c.Section, c.URL
	if c.Family == "unix" {
		k.file = sockets.FileOf(fd, c.Path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[addressOf(c)] = k
}

// findSocket returns a duplicate of the descriptor of a process that is the socket of a
// section, -1 if there is none.
func findSocket(pid, pidfd int, c *config.ListenSocket) (fd int, err error) {
	addresses, err := addressesOf(c)
	if err != nil {
		return -1, err
	}
	numbers, err := socketFDs(pid)
	if err != nil {
		return -1, err
	}
	for _, n := range numbers {
		fd, err := unix.PidfdGetfd(pidfd, n, 0)
		if err == unix.EBADF {
			continue // the process has just closed it
		}
		if err != nil {
			return -1, os.NewSyscallError("pidfd_getfd", err)
		}
		if at, ok := sockets.ListenAddress(fd); ok && matches(at, c, addresses) {
			return fd, nil
		}
		unix.Close(fd)
	}
	return -1, nil
}

// socketFDs returns the descriptors of a process that are sockets, in ascending order.
func socketFDs(pid int) (numbers []int, err error) {
	dir := fmt.Sprintf("/proc/%d/fd/", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		target, err := os.Readlink(dir + e.Name())
		if errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
		if n, numErr := strconv.Atoi(e.Name()); err == nil && numErr == nil && strings.HasPrefix(target, "socket:") {
			numbers = append(numbers, n)
		}
	}
	slices.SortFunc(numbers, func(a, b int) int { return cmp.Compare(a, b) })
	return numbers, nil
}

// addressesOf returns the addresses that the socket of a section may be bound to, none for
// a unix socket.
func addressesOf(c *config.ListenSocket) ([]netip.Addr, error) {
	if c.Family == "unix" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), sockets.LookupTimeout)
	defer cancel()
	return tcpOptions(c).Addresses(ctx)
}

// matches reports whether a socket is the one of a section. Port 0 matches any port.
func matches(at sockets.Address, c *config.ListenSocket, addresses []netip.Addr) bool {
	if c.Family == "unix" {
		return at.Path == c.Path
	}
	return at.Path == "" && (at.Port == c.Port || c.Port == 0) && at.ReusePort == c.ReusePort &&
		slices.ContainsFunc(addresses, func(a netip.Addr) bool { return a.WithZone("") == at.Addr })
}
