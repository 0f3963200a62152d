package httpd

import (
	"context"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config"
	"supervisor/supervisord/server/httpd/conns"
	"supervisor/supervisord/system/sockets"
)

// SavedServer is a server as a program that this process executes next gets it.
type SavedServer struct {
	Family  string
	Address string // path, or host:port
	FD      int    // of the listening socket
	Conns   []int  // descriptors of connections without a request under way
	// Read is what has been read from each of Conns and not been executed: the
	// beginning of a request, or requests that were sent ahead.
	Read  map[int][]byte `json:",omitempty"`
	Dev   uint64         // of the file of a unix socket, 0 for none
	Inode uint64
}

// Pause has no further request executed: who connects, or sends one on a connection
// that there is, waits for whoever goes on. Requests under way are answered.
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

// Save follows Pause. It waits until all requests under way are answered,
// or until ctx ends, and returns what another needs to go on. Streams end. What
// has been read of requests that are not complete goes with their connections.
// When Serve ends after that it leaves the files of unix sockets in their place.
func (s *Servers) Save(ctx context.Context) []SavedServer {
	s.streams.stop()
	var all []SavedServer
	for _, ep := range s.endpoints {
		b := SavedServer{Family: ep.Family, Address: address(ep.Server), FD: ep.handoverFD, Read: make(map[int][]byte)}
		for fd, read := range ep.conns.Park(ctx) {
			b.Conns = append(b.Conns, fd)
			if len(read) > 0 {
				b.Read[fd] = read
			}
		}
		b.Dev, b.Inode = ep.file.ID()
		all = append(all, b)
	}
	return all
}

// Resume follows Pause when nobody goes on after all and Serve still runs: it
// accepts again, and goes on with all connections. Nothing of what Bequeath has
// returned is left then. It may be called when nothing is paused, and does nothing then.
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

// CloseHandedOver follows Pause when nobody goes on after all and Serve has returned.
// It is given what Bequeath has returned, nil if that was not called, closes what
// was to be handed over, and removes the files of unix sockets.
func (s *Servers) CloseHandedOver(all []SavedServer) {
	if !s.paused.Swap(false) {
		return
	}
	for _, ep := range s.endpoints {
		ep.removeFile()         // while the socket is open, see there
		_ = ep.Listener.Close() // it may have been by Serve
	}
	s.closeDuplicates()
	for i := range all {
		all[i].FD = -1 // that was one of them
	}
	closeUnwanted(all, func(SavedServer) bool { return false })
}

func address(c config.Server) string {
	if c.Family == "unix" {
		return c.Path
	}
	return net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
}

// restore makes a listener and connections of what has been handed over. It
// tells whether there was something for this site.
func (ep *endpoint) restore(all []SavedServer) (bool, error) {
	for _, b := range all {
		if b.Family != ep.Family || b.Address != address(ep.Server) {
			continue
		}
		f := os.NewFile(uintptr(b.FD), "listener")
		l, err := net.FileListener(f)
		f.Close()
		if err != nil {
			return false, err
		}
		if u, ok := l.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false)
			ep.restoreFile(b)
		}
		ep.Listener = l
		for _, fd := range b.Conns {
			ep.conns.Restore(fd, b.Read[fd])
		}
		return true, nil
	}
	return false, nil
}

// restoreFile remembers the file of a unix socket if it is still that of b.
func (ep *endpoint) restoreFile(b SavedServer) {
	file, err := sockets.Find(ep.Path)
	if err != nil {
		return
	}
	if dev, inode := file.ID(); dev == b.Dev && inode == b.Inode {
		ep.file = file
	}
}

// closeUnwanted closes what has been handed over and is not wanted.
func closeUnwanted(all []SavedServer, wanted func(SavedServer) bool) {
	for _, b := range all {
		if wanted(b) {
			continue
		}
		if b.FD >= 0 {
			unix.Close(b.FD)
		}
		for _, fd := range b.Conns {
			unix.Close(fd)
		}
	}
}
