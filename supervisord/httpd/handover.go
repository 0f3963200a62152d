package httpd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/config"
)

// Bequest is a server as a program that this process executes next gets it.
type Bequest struct {
	Family  string
	Address string // path, or host:port
	FD      int    // of the listening socket
	Conns   []int  // descriptors of connections that wait for their next request
	Dev     uint64 // of the file of a unix socket, 0 for none
	Inode   uint64
}

// Pause stops accepting without closing the sockets: who connects waits for
// whoever accepts next. Connections that there are go on.
func (s *Servers) Pause() error {
	for _, st := range s.sites {
		conn, err := st.Listener.(syscall.Conn).SyscallConn()
		if err != nil {
			return err
		}
		if st.handed, err = duplicate(conn); err != nil {
			return err
		}
	}
	s.paused.Store(true)
	for _, st := range s.sites {
		st.Listener.Close()
	}
	return nil
}

// duplicate returns another descriptor.
func duplicate(conn syscall.RawConn) (fd int, err error) {
	cerr := conn.Control(func(old uintptr) { fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 3) })
	if err = errors.Join(cerr, err); err != nil {
		return -1, fmt.Errorf("hand over a socket: %w", err)
	}
	return fd, nil
}

// Bequeath follows Pause. It waits until all requests under way are answered,
// or until ctx ends, and returns what another needs to go on. Streams end.
// Serve returns soon, and leaves the files of unix sockets in their place.
func (s *Servers) Bequeath(ctx context.Context) []Bequest {
	close(s.suspended)
	var all []Bequest
	for _, st := range s.sites {
		b := Bequest{Family: st.Family, Address: address(st.Server), FD: st.handed, Conns: st.crowd.park(ctx)}
		if st.file != nil {
			if stat, ok := st.file.Sys().(*syscall.Stat_t); ok {
				b.Dev, b.Inode = uint64(stat.Dev), uint64(stat.Ino) //nolint:unconvert // not everywhere
			}
		}
		all = append(all, b)
	}
	return all
}

// TakeBack follows Pause when nobody goes on after all, and is given what
// Bequeath has returned, nil if it was not called. It closes what was to be handed
// over, and removes the files of unix sockets. Serve must have returned.
func (s *Servers) TakeBack(all []Bequest) {
	if !s.paused.Swap(false) {
		return
	}
	for _, st := range s.sites {
		st.removeFile() // while the socket is open, see there
	}
	if all == nil {
		for _, st := range s.sites {
			unix.Close(st.handed)
		}
	}
	discard(all, func(Bequest) bool { return false })
}

func address(c config.Server) string {
	if c.Family == "unix" {
		return c.Path
	}
	return net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
}

// inherit makes a listener and connections of what has been handed over. It
// tells whether there was something for this site.
func (st *site) inherit(all []Bequest) (bool, error) {
	for _, b := range all {
		if b.Family != st.Family || b.Address != address(st.Server) {
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
			st.recognise(b)
		}
		st.Listener = l
		for _, fd := range b.Conns {
			f := os.NewFile(uintptr(fd), "connection")
			if c, err := net.FileConn(f); err == nil {
				st.crowd.waiting = append(st.crowd.waiting, c)
			}
			f.Close()
		}
		return true, nil
	}
	return false, nil
}

// recognise remembers the file of a unix socket if it is still that of b.
func (st *site) recognise(b Bequest) {
	info, err := os.Lstat(st.Path)
	if err != nil {
		return
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if ok && uint64(stat.Dev) == b.Dev && uint64(stat.Ino) == b.Inode { //nolint:unconvert // not everywhere
		st.file = info
	}
}

// discard closes what has been handed over and is not wanted.
func discard(all []Bequest, wanted func(Bequest) bool) {
	for _, b := range all {
		if wanted(b) {
			continue
		}
		unix.Close(b.FD)
		for _, fd := range b.Conns {
			unix.Close(fd)
		}
	}
}

// crowd is the connections of one site. It knows which of them wait for their
// next request, and can have those stay open when the server ends.
type crowd struct {
	mu        sync.Mutex
	waiting   []net.Conn // handed over to us, to be accepted
	accepting int        // calls of Accept under way
	all       map[*conn]struct{}
	parking   bool
	changed   chan struct{} // nil while nobody waits for a change
}

// conn is a connection that can be parked while nothing has been read of a
// request: then nothing is read any more, and its descriptor outlives it.
type conn struct {
	net.Conn
	crowd *crowd
	// What follows is guarded by crowd.mu.
	busy   bool // something has been read since it was last idle
	ahead  bool // of the next request
	parked bool
	fd     int // of a parked one that was closed, else -1
}

// crowded is a listener that enters connections into a crowd.
type crowded struct {
	net.Listener
	crowd *crowd
}

// Accept implements net.Listener. Those that have been handed over come first.
func (l crowded) Accept() (net.Conn, error) {
	first, err := l.crowd.next()
	if err != nil {
		return nil, err
	}
	if first == nil {
		first, err = l.Listener.Accept()
	}
	return l.crowd.enter(first, err)
}

// next begins an Accept, which enter ends.
func (c *crowd) next() (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parking {
		return nil, net.ErrClosed
	}
	c.accepting++
	if len(c.waiting) == 0 {
		return nil, nil
	}
	first := c.waiting[0]
	c.waiting = c.waiting[1:]
	return first, nil
}

func (c *crowd) enter(nc net.Conn, err error) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepting--
	c.tell()
	if err != nil {
		return nil, err
	}
	if c.all == nil {
		c.all = make(map[*conn]struct{})
	}
	one := &conn{Conn: nc, crowd: c, fd: -1}
	c.all[one] = struct{}{}
	if c.parking {
		one.park()
	}
	return one, nil
}

// errParked ends a read that must not happen.
var errParked = errors.New("the connection is handed over")

// Read implements net.Conn. While it serves a request net/http reads a single
// byte now and then, to notice that the client has gone: that byte would be
// the first of the next request.
func (c *conn) Read(p []byte) (int, error) {
	if c.isParked() {
		return 0, errParked
	}
	n, err := c.Conn.Read(p)
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	if n > 0 {
		c.ahead = c.busy && len(p) == 1
		c.busy = true
		if c.parked { // it came just before
			c.parked = false
			_ = c.Conn.SetReadDeadline(time.Time{})
		}
	}
	return n, err
}

func (c *conn) isParked() bool {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	return c.parked
}

// SetReadDeadline implements net.Conn. A parked one has its own.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	if c.parked {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite lets net/http end an answer before the request has ended.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	if c.parked && c.fd < 0 {
		c.fd, _ = descriptor(c.Conn) // -1 if there is none to be had
	}
	if !c.parked {
		delete(c.crowd.all, c)
	}
	c.crowd.tell()
	return c.Conn.Close()
}

// park is called with the crowd locked.
func (c *conn) park() {
	c.parked = true
	_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
}

func (c *crowd) tell() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// idle tells that a connection waits for its next request, of which nothing has
// been read but what Read has noticed.
func idle(nc net.Conn) {
	if begun, ok := nc.(*begunConn); ok {
		nc = begun.Conn
	}
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	c.busy, c.ahead = c.ahead, false
	if c.crowd.parking && !c.busy {
		c.park()
	}
}

// park parks the connections as they become idle, and returns the descriptors
// of all when none is busy any more, or when ctx ends. Nothing may be there to
// be accepted but what has been handed over.
func (c *crowd) park(ctx context.Context) []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parking, c.changed = true, make(chan struct{}, 1)
	for one := range c.all {
		if !one.busy {
			one.park()
		}
	}
	for !c.isParked() && ctx.Err() == nil {
		c.mu.Unlock()
		select {
		case <-c.changed:
		case <-ctx.Done():
		}
		c.mu.Lock()
	}
	var fds []int
	for _, nc := range c.waiting {
		if fd, err := descriptor(nc); err == nil {
			fds = append(fds, fd)
		}
		nc.Close()
	}
	for one := range c.all {
		if one.fd >= 0 {
			fds = append(fds, one.fd)
		}
	}
	return fds
}

// descriptor returns another descriptor of a connection.
func descriptor(nc net.Conn) (int, error) {
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1, err
	}
	return duplicate(raw)
}

// isParked tells whether all that are left have been parked and closed.
func (c *crowd) isParked() bool {
	if c.accepting > 0 {
		return false
	}
	for one := range c.all {
		if !one.parked || one.fd < 0 {
			return false
		}
	}
	return true
}
