package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/pipes"
)

// endpoint is one socket or pipe. Its descriptor is used and closed only with the
// receiver's lock held.
type endpoint struct {
	receiver *Receiver
	name     string
	fd       int
	path     string // of a socket, "" for a pipe
	token    epoll.Token
}

// Listen makes sure that there is a socket of that name to which only the user uid may send,
// and drops what was sent to it before. It returns the path of the socket, which is the same
// for the same name in all daemons with the same directory.
func (r *Receiver) Listen(name string, uid int) (path string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.byName[name]; e != nil && e.path != "" {
		if err := chownSocket(e.path, uid); err == nil {
			r.drain(e)
			return e.path, nil
		}
		r.close(e) // its file or the directory was removed
	}
	path = r.path(name)
	if len(path) > maxPath {
		return "", fmt.Errorf("the path of the notify socket is too long: %s has %d bytes, %d are possible", path, len(path), maxPath)
	}
	dir, err := makeDir(r.dir)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	fd, err := dir.bind(filepath.Base(path), uid)
	if err != nil {
		return "", fmt.Errorf("make the notify socket %s: %w", path, err)
	}
	return path, r.add(&endpoint{receiver: r, name: name, fd: fd, path: path})
}

// path returns the path of a socket. It is short for every name, and no name leads out of the
// directory.
func (r *Receiver) path(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(r.dir, hex.EncodeToString(sum[:8]))
}

// Pipe makes a pipe of that name and returns the program's end, which is open for reading
// too, see the package comment.
func (r *Receiver) Pipe(name string) (*os.File, error) {
	var fds [2]int
	if err := pipes.Make(fds[:], unix.O_NONBLOCK); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(fds[1])
	readWriteFD := pipes.OpenReadWrite(fds[1])
	if readWriteFD < 0 { // there is no /proc
		var err error
		if readWriteFD, err = pipes.Duplicate(fds[1]); err != nil {
			unix.Close(fds[0])
			return nil, os.NewSyscallError("open", err)
		}
	}
	if err := unix.SetNonblock(readWriteFD, false); err != nil {
		unix.Close(fds[0])
		unix.Close(readWriteFD)
		return nil, os.NewSyscallError("fcntl", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.add(&endpoint{receiver: r, name: name, fd: fds[0]}); err != nil {
		unix.Close(readWriteFD)
		return nil, err
	}
	return os.NewFile(uintptr(readWriteFD), "notify"), nil
}

// ReopenPipe goes on with the pipe that a process has got from an earlier daemon as descriptor
// fd. It fails if that descriptor is no pipe any more.
func (r *Receiver) ReopenPipe(name string, pid, fd int) error {
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
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.add(&endpoint{receiver: r, name: name, fd: own})
}

// drain drops what was sent to a socket.
func (r *Receiver) drain(e *endpoint) {
	for range 1000 { // a fast sender must not keep the receiver busy for ever
		if _, ok := receive(e.fd); !ok {
			return
		}
	}
}
