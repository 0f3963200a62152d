package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/pipes"
	"supervisor/supervisord/system/procfs"
)

// Receiver receives the notifications of all programs. Its methods may be called from
// anywhere.
type Receiver struct {
	dir      string
	received func(Received)
	opened   chan struct{} // closed when there is something to wait for

	mu     sync.Mutex
	poller *epoll.Poller // nil until something is opened
	byName map[string]*endpoint
	closed bool
}

// endpoint is one socket or pipe. Its descriptor is used and closed only with the
// receiver's lock held.
type endpoint struct {
	receiver *Receiver
	name     string
	fd       int
	path     string // of a socket, "" for a pipe
	token    epoll.Token
}

// NewReceiver returns a receiver that keeps its sockets in the directory dir, which it
// creates with the first socket. It calls received from the goroutine of Run. Nothing is
// opened before Listen, Pipe, ReopenPipe or Restore.
func NewReceiver(dir string, received func(Received)) *Receiver {
	return &Receiver{dir: dir, received: received, opened: make(chan struct{}), byName: make(map[string]*endpoint)}
}

// Run receives notifications until ctx ends.
func (h *Receiver) Run(ctx context.Context) {
	select {
	case <-h.opened:
		h.poller.Run(ctx)
	case <-ctx.Done():
	}
}

// Listen makes sure that there is a socket of that name which only the user uid
// may send to, and drops what was said to it before. It returns its path, which
// is the same for the same name in all daemons with the same directory.
func (h *Receiver) Listen(name string, uid int) (path string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.byName[name]; e != nil && e.path != "" {
		if err := chownSocket(e.path, uid); err == nil {
			h.drain(e)
			return e.path, nil
		}
		h.close(e) // somebody has removed its file, or the directory
	}
	path = h.path(name)
	if len(path) > maxPath {
		return "", fmt.Errorf("the path of the notify socket is too long: %s has %d bytes, %d are possible", path, len(path), maxPath)
	}
	dir, err := makeDir(h.dir)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	fd, err := dir.bind(filepath.Base(path), uid)
	if err != nil {
		return "", fmt.Errorf("make the notify socket %s: %w", path, err)
	}
	return path, h.add(&endpoint{receiver: h, name: name, fd: fd, path: path})
}

// path is short, whatever the name, and tells no directory.
func (h *Receiver) path(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(h.dir, hex.EncodeToString(sum[:8]))
}

// Pipe makes a pipe of that name and returns the program's end, which the
// program gets for reading too: see the package's comment.
func (h *Receiver) Pipe(name string) (*os.File, error) {
	var fds [2]int
	if err := pipes.Make(fds[:], unix.O_NONBLOCK); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(fds[1])
	both := pipes.OpenReadWrite(fds[1])
	if both < 0 { // there is no /proc
		var err error
		if both, err = pipes.Duplicate(fds[1]); err != nil {
			unix.Close(fds[0])
			return nil, os.NewSyscallError("open", err)
		}
	}
	if err := unix.SetNonblock(both, false); err != nil {
		unix.Close(fds[0])
		unix.Close(both)
		return nil, os.NewSyscallError("fcntl", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.add(&endpoint{receiver: h, name: name, fd: fds[0]}); err != nil {
		unix.Close(both)
		return nil, err
	}
	return os.NewFile(uintptr(both), "notify"), nil
}

// ReopenPipe goes on with the pipe that a process has got from an earlier daemon
// as descriptor fd. It fails if that is no pipe any more.
func (h *Receiver) ReopenPipe(name string, pid, fd int) error {
	link := fmt.Sprintf("/proc/%d/fd/%d", pid, fd)
	own, err := unix.Open(link, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: link, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(own, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		unix.Close(own)
		return fmt.Errorf("%s is no pipe", link)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.add(&endpoint{receiver: h, name: name, fd: own})
}

// Has tells whether there is a socket or a pipe of that name.
func (h *Receiver) Has(name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.byName[name] != nil
}

// Close closes what has that name, if there is anything.
func (h *Receiver) Close(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.byName[name]; e != nil {
		h.close(e)
	}
}

// CloseAll closes everything and removes the files. Run must have ended. After
// Bequeath it does nothing.
func (h *Receiver) CloseAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	for _, e := range h.byName {
		h.close(e)
	}
	h.removeDir()
	h.closeEpoll()
}

// removeDir removes the directory, with what a daemon that has crashed has left.
func (h *Receiver) removeDir() {
	dir, err := openDir(h.dir)
	if err != nil {
		return
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.Type() == os.ModeSocket {
			_ = unix.Unlinkat(dir.fd(), e.Name(), 0)
		}
	}
	_ = unix.Rmdir(h.dir) // unless somebody has put something else there
}

// closeEpoll closes the epoll set.
func (h *Receiver) closeEpoll() {
	h.closed = true
	if h.poller != nil {
		h.poller.Close()
	}
}

// HandOver stops hearing and returns what another needs to go on, of those
// whose names it is asked to keep; the others are closed. Run must have ended.
func (h *Receiver) HandOver(keep func(name string) bool) []HandedOver {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []HandedOver
	for _, e := range h.byName {
		if !keep(e.name) {
			h.close(e)
			continue
		}
		h.poller.Remove(e.token, e.fd)
		all = append(all, HandedOver{Name: e.name, FD: e.fd, Path: e.path})
	}
	clear(h.byName)
	h.closeEpoll()
	return all
}

// Restore goes on hearing what another has bequeathed. What can't be used is closed.
func (h *Receiver) Restore(all []HandedOver) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var failed []error
	for _, b := range all {
		unix.CloseOnExec(b.FD)
		failed = append(failed, h.add(&endpoint{receiver: h, name: b.Name, fd: b.FD, path: b.Path}))
	}
	return errors.Join(failed...)
}

// add begins to hear. It takes the ear's descriptor over, also when it fails.
func (h *Receiver) add(e *endpoint) error {
	if old := h.byName[e.name]; old != nil {
		path := old.path
		old.path = "" // the file is the new one's already
		h.close(old)
		if path != "" && path != e.path {
			removeSocket(path)
		}
	}
	err := h.openEpoll()
	if err == nil {
		e.token, err = h.poller.Add(e.fd, epoll.Readable, e)
	}
	if err != nil {
		unix.Close(e.fd)
		return err
	}
	h.byName[e.name] = e
	return nil
}

// openEpoll makes the epoll set when it is first needed.
func (h *Receiver) openEpoll() (err error) {
	switch {
	case h.closed:
		return os.ErrClosed
	case h.poller != nil:
		return nil
	}
	if h.poller, err = epoll.New(); err != nil {
		return err
	}
	close(h.opened)
	return nil
}

func (h *Receiver) close(e *endpoint) {
	if e.path != "" {
		removeSocket(e.path)
	}
	h.poller.CloseFD(e.token, e.fd)
	delete(h.byName, e.name)
}

// drain drops what has been said.
func (h *Receiver) drain(e *endpoint) {
	for range 1000 { // whoever speaks faster is not to hold us up
		if _, ok := receive(e.fd); !ok {
			return
		}
	}
}

// HandleEvent implements epoll.Handler. It takes one message: the set reports again what
// is left.
func (e *endpoint) HandleEvent(bool) {
	h := e.receiver
	h.mu.Lock()
	if h.byName[e.name] != e { // it was closed meanwhile
		h.mu.Unlock()
		return
	}
	msg, ok := Received{}, false
	if e.path != "" {
		msg, ok = receive(e.fd)
	} else {
		msg, ok = h.readPipe(e)
	}
	msg.Name = e.name
	h.mu.Unlock()
	if ok {
		h.received(msg)
	}
}

// readPipe looks for a newline in a pipe, which is closed when there is nothing more
// to hear. Nobody minds: the program has both ends.
func (h *Receiver) readPipe(e *endpoint) (msg Received, ok bool) {
	var data [512]byte
	n, err := unix.Read(e.fd, data[:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return msg, false
	case n <= 0:
		h.close(e)
		return Received{Closed: true}, true
	}
	for _, c := range data[:n] {
		if c == '\n' {
			h.close(e)
			return Received{Message: Message{Ready: true}}, true
		}
	}
	return msg, false
}

// receive takes one datagram. Descriptors that come with it are closed, which
// answers a barrier. It tells false if there is none, or none that says anything.
func receive(fd int) (msg Received, ok bool) {
	data := make([]byte, MaxLength+1)
	oob := make([]byte, unix.CmsgSpace(unix.SizeofUcred)+unix.CmsgSpace(253*4)) // as many as can come
	n, oobn, flags, _, err := unix.Recvmsg(fd, data, oob, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
	if err != nil {
		return msg, false
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	msg.From = &Sender{UID: -1}
	if err != nil {
		return msg, true
	}
	for _, c := range messages {
		if cred, err := unix.ParseUnixCredentials(&c); err == nil {
			msg.From = &Sender{PID: int(cred.Pid), UID: int(cred.Uid), ancestors: ancestorsOf(int(cred.Pid))}
		}
		if fds, err := unix.ParseUnixRights(&c); err == nil {
			for _, fd := range fds {
				unix.Close(fd)
			}
		}
	}
	if flags&unix.MSG_TRUNC == 0 {
		msg.Message, _ = Parse(data[:n])
	}
	return msg, true
}

// ancestorsOf returns the pids and process groups of a process and its ancestors, up to
// this process.
func ancestorsOf(pid int) []int {
	var ancestors []int
	self := os.Getpid()
	for range 64 { // deep enough, and no endless loop if pids are recycled meanwhile
		if pid <= 1 || pid == self && len(ancestors) > 0 {
			break
		}
		s, err := procfs.ReadStat(pid)
		if err != nil {
			break
		}
		ancestors = append(ancestors, pid, s.Group)
		pid = s.Parent
	}
	return ancestors
}
