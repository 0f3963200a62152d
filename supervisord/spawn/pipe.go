package spawn

import (
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

type direction int

const (
	theirsReads direction = iota
	theirsWrites
)

// pipe returns a pipe whose end for the daemon does not block, so that the
// runtime's poller takes it, while the end for the child does, as programs
// expect. Both are closed when a program is executed.
func pipe(d direction) (theirs, ours *os.File, err error) {
	var fds [2]int
	if err := pipe2(fds[:]); err != nil {
		return nil, nil, err
	}
	their, our := fds[0], fds[1]
	if d == theirsWrites {
		their, our = our, their
	}
	if err := unix.SetNonblock(our, true); err != nil {
		unix.Close(their)
		unix.Close(our)
		return nil, nil, err
	}
	return os.NewFile(uintptr(their), "pipe"), os.NewFile(uintptr(our), "pipe"), nil
}

// outlet makes the pipe for the child's next output descriptor.
func (c *child) outlet(w Output) error {
	theirs, ours, err := pipe(theirsWrites)
	if err != nil {
		return err
	}
	p, err := newPump(ours, len(c.pumps)+1, w, c.spawner.currentTray())
	if err != nil {
		theirs.Close()
		ours.Close()
		return err
	}
	if both := openBoth(theirs); both != nil {
		theirs.Close()
		theirs = both
	}
	c.theirs = append(c.theirs, theirs)
	c.pumps = append(c.pumps, p)
	return nil
}

func duplicate(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// stdin is the daemon's end of the pipe to a child. Its queue takes what the
// pipe does not, and a goroutine that lives while there is a queue empties it.
type stdin struct {
	file *os.File

	mu      sync.Mutex
	queue   []byte
	flowing bool // a goroutine is emptying the queue
	broken  bool
	halted  bool          // it is to stop emptying, and close stopped:
	stopped chan struct{} // made when it starts
}

// maxQueue bounds what is kept for a child that does not read, in bytes.
const maxQueue = 16 << 20

func (s *stdin) write(data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return syscall.EPIPE
	}
	if s.flowing {
		return s.enqueue(data)
	}
	n, err := s.attempt(data)
	if err != nil {
		return err
	}
	if n == len(data) {
		return nil
	}
	if err := s.enqueue(data[n:]); err != nil {
		return err
	}
	s.begin()
	return nil
}

// begin has the queue emptied.
func (s *stdin) begin() {
	s.flowing, s.stopped = true, make(chan struct{})
	go s.flow()
}

func (s *stdin) enqueue(data []byte) error {
	if len(s.queue)+len(data) > maxQueue {
		return syscall.ENOBUFS
	}
	s.queue = append(s.queue, data...)
	return nil
}

// attempt writes what the pipe takes without waiting.
func (s *stdin) attempt(data []byte) (n int, err error) {
	conn, err := s.file.SyscallConn()
	if err != nil {
		return 0, syscall.EPIPE
	}
	cerr := conn.Control(func(fd uintptr) {
		n, err = unix.Write(int(fd), data)
	})
	switch {
	case cerr != nil, err == unix.EPIPE:
		return 0, syscall.EPIPE
	case err == unix.EAGAIN, err == unix.EINTR:
		return 0, nil
	case err != nil:
		return 0, err
	}
	return n, nil
}

// flow writes the queue, waiting for the child to read.
func (s *stdin) flow() {
	for {
		s.mu.Lock()
		data := s.queue
		s.queue = nil
		if len(data) == 0 || s.broken {
			s.flowing = false
			close(s.stopped)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		n, err := s.file.Write(data)
		if err == nil {
			continue
		}
		s.mu.Lock()
		if s.halted {
			s.queue = append(data[n:], s.queue...)
			close(s.stopped)
			s.mu.Unlock()
			return
		}
		s.broken, s.queue = true, nil
		s.mu.Unlock()
	}
}

func (s *stdin) close() {
	s.mu.Lock()
	s.broken, s.queue = true, nil
	s.mu.Unlock()
	s.file.Close()
}
