package httpd

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config"
	"supervisor/supervisord/server/httpd/conns"
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/system/sockets"
)

// State is a server that another binary goes on with.
type State struct {
	Family  string
	Address string      // path, or host:port
	Conns   []ConnState `json:",omitempty"` // connections without a request under way
	Dev     uint64      `json:",omitempty"` // of the file of a unix socket, 0 for none
	Inode   uint64      `json:",omitempty"`
}

// ConnState is a connection. Read is what was read from it and not executed: the
// beginning of a request, or requests that were sent ahead.
type ConnState struct {
	Read []byte `json:",omitempty"`
}

// ListenerKey is the key of the listening socket's descriptor.
func (s State) ListenerKey() string { return "server/" + s.Family + ":" + s.Address + "/listener" }

// ConnKey is the key of the descriptor of Conns[i].
func (s State) ConnKey(i int) string {
	return fmt.Sprintf("server/%s:%s/connection/%d", s.Family, s.Address, i)
}

// Pause stops the execution of further requests: a client that connects, or sends one on an
// open connection, waits for the binary that goes on. Requests under way are answered.
func (s *Servers) Pause() error {
	for _, ep := range s.endpoints {
		conn, err := ep.Listener.(syscall.Conn).SyscallConn()
		if err == nil {
			ep.handoverFD, err = conns.DupFD(conn)
		}
		if err != nil {
			s.closeDuplicates()
			return err
		}
	}
	s.paused.Store(true)
	for _, ep := range s.endpoints {
		ep.conns.Pause(ep.Listener)
	}
	return nil
}

func (s *Servers) closeDuplicates() {
	for _, ep := range s.endpoints {
		if ep.handoverFD >= 0 {
			unix.Close(ep.handoverFD)
		}
		ep.handoverFD = -1
	}
}

// HandOver follows Pause. It waits until all requests under way are answered, or until
// ctx ends, and returns what another binary needs to go on; what is open is put into
// set. Streams end. What was read of incomplete requests goes with their connections.
// When Serve ends after that it leaves the files of unix sockets in their place.
func (s *Servers) HandOver(ctx context.Context, set descriptors.Set) []State {
	s.streams.stop()
	var all []State
	for _, ep := range s.endpoints {
		state := State{Family: ep.Family, Address: address(ep.Server)}
		set.Put(state.ListenerKey(), ep.handoverFD)
		for fd, read := range ep.conns.Park(ctx) {
			set.Put(state.ConnKey(len(state.Conns)), fd)
			state.Conns = append(state.Conns, ConnState{read})
		}
		state.Dev, state.Inode = ep.file.ID()
		all = append(all, state)
	}
	return all
}

// Resume follows Pause if no other binary goes on and Serve still runs: it accepts
// again, and goes on with all connections. A set that was given to HandOver must not be
// used after that. Resume does nothing if nothing is paused.
func (s *Servers) Resume() {
	if !s.paused.Swap(false) {
		return
	}
	s.closeDuplicates()
	s.streams.resume()
	for _, ep := range s.endpoints {
		ep.conns.Resume()
	}
}

// CloseHandedOver follows Pause if no other binary goes on and Serve has returned. It
// closes what HandOver has put into set, nil if that was not called, and removes the
// files of unix sockets.
func (s *Servers) CloseHandedOver(set descriptors.Set) {
	if !s.paused.Swap(false) {
		return
	}
	for _, ep := range s.endpoints {
		ep.removeFile()         // while the socket is open, see sockets.File
		_ = ep.Listener.Close() // it fails if Serve has closed it
		set.Take(State{Family: ep.Family, Address: address(ep.Server)}.ListenerKey())
	}
	s.closeDuplicates()
	set.Close()
}

func address(c config.Server) string {
	if c.Family == "unix" {
		return c.Path
	}
	return net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
}

// restore goes on with what was handed over. It returns false if that was nothing for
// this endpoint.
func (ep *endpoint) restore(all []State, set descriptors.Set) (bool, error) {
	i := slices.IndexFunc(all, ep.isFor)
	if i < 0 {
		return false, nil
	}
	state := all[i]
	f := os.NewFile(uintptr(set.Take(state.ListenerKey())), "listener")
	l, err := net.FileListener(f)
	f.Close()
	if err != nil {
		return false, err
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
		ep.restoreFile(state)
	}
	ep.Listener = l
	for i, conn := range state.Conns {
		if fd := set.Take(state.ConnKey(i)); fd >= 0 {
			ep.conns.Restore(fd, conn.Read)
		}
	}
	return true, nil
}

func (ep *endpoint) isFor(s State) bool {
	return ep.Family == s.Family && address(ep.Server) == s.Address
}

// restoreFile remembers the file of a unix socket if it is still the one in s.
func (ep *endpoint) restoreFile(s State) {
	file, err := sockets.Find(ep.Path)
	if err != nil {
		return
	}
	if dev, inode := file.ID(); dev == s.Dev && inode == s.Inode {
		ep.file = file
	}
}

// closeUnwanted closes the servers that were handed over and have no endpoint.
func (s *Servers) closeUnwanted(all []State, set descriptors.Set) {
	for _, state := range all {
		if slices.ContainsFunc(s.endpoints, func(ep *endpoint) bool { return ep.isFor(state) }) {
			continue
		}
		unix.Close(set.Take(state.ListenerKey()))
		for i := range state.Conns {
			unix.Close(set.Take(state.ConnKey(i)))
		}
	}
}
