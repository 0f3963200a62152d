package spawn

import (
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/pipes"
)

// makeStdin makes the pipe for the child's stdin. The daemon's end does not block. The
// child's end does, as programs expect.
func (c *child) makeStdin() error {
	var fds [2]int
	if err := pipes.Make(fds[:], 0); err != nil {
		return err
	}
	c.childEnds[0], c.stdin = fds[0], &stdin{fd: fds[1]}
	return unix.SetNonblock(fds[1], true)
}

// stdin is the daemon's end of the pipe to a child. What the pipe does not take is queued;
// while there is a queue a goroutine writes it.
type stdin struct {
	mu       sync.Mutex
	fd       int      // -1 when it is closed
	file     *os.File // of fd, nil until flush runs for the first time
	queue    []byte
	flushing bool          // flush runs
	broken   bool          // nothing can be written any more
	halted   bool          // flush is to return
	stopped  chan struct{} // closed when flush returns; made when it starts
}

// maxQueue is how many bytes are queued for a child that does not read.
const maxQueue = 16 << 20

func (s *stdin) write(data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return syscall.EPIPE
	}
	if s.flushing {
		return s.enqueue(data)
	}
	n, err := s.tryWrite(data)
	if err != nil {
		return err
	}
	if n == len(data) {
		return nil
	}
	if err := s.enqueue(data[n:]); err != nil {
		return err
	}
	s.startFlush()
	return nil
}

// startFlush starts to write the queue.
func (s *stdin) startFlush() {
	s.flushing, s.stopped = true, make(chan struct{})
	if s.file == nil {
		s.file = os.NewFile(uintptr(s.fd), "pipe")
	}
	go s.flush()
}

func (s *stdin) enqueue(data []byte) error {
	if len(s.queue)+len(data) > maxQueue {
		return syscall.ENOBUFS
	}
	s.queue = append(s.queue, data...)
	return nil
}

// tryWrite writes as much as the pipe takes, without waiting.
func (s *stdin) tryWrite(data []byte) (n int, err error) {
	n, err = unix.Write(s.fd, data)
	switch {
	case err == unix.EPIPE:
		return 0, syscall.EPIPE
	case err == unix.EAGAIN, err == unix.EINTR:
		return 0, nil
	case err != nil:
		return 0, err
	}
	return n, nil
}

// flush writes the queue. It waits for the child to read.
func (s *stdin) flush() {
	for {
		s.mu.Lock()
		data := s.queue
		s.queue = nil
		if len(data) == 0 || s.broken {
			s.flushing = false
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
	defer s.mu.Unlock()
	s.broken, s.queue = true, nil
	s.closeFile()
}

// closeFile closes the descriptor. The caller holds mu.
func (s *stdin) closeFile() {
	switch {
	case s.fd < 0:
	case s.file != nil:
		s.file.Close()
	default:
		unix.Close(s.fd)
	}
	s.fd = -1
}

// handOver stops writing and returns what has not been written.
func (s *stdin) handOver() []byte {
	s.mu.Lock()
	s.halted = true
	flushing := s.flushing
	s.mu.Unlock()
	if flushing {
		_ = s.file.SetWriteDeadline(time.Unix(1, 0))
		<-s.stopped
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.queue
	s.broken, s.queue = true, nil
	s.closeFile()
	return queue
}
