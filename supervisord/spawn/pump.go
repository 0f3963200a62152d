package spawn

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	chunk = 128 << 10 // what one read takes at most, as in Supervisor
	// full is what a pipe holds at most without privileges. The last words of
	// a dead child can't be more; what comes after them is a grandchild's.
	full = 1 << 20
)

// buffers are lent to pumps while there is something to read, so that a
// thousand silent children hold none.
var buffers = sync.Pool{New: func() any { return new([chunk]byte) }}

// pump carries output from one pipe to its writer.
type pump struct {
	file *os.File
	conn syscall.RawConn
	sink Output
	done chan struct{} // closed when run has ended
}

// run reads until the end of the pipe, or until finish is called and the pipe
// is empty.
func (p *pump) run() {
	defer close(p.done)
	defer p.file.Close()
	for {
		buf, n, err := p.await()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.drain()
			return
		}
		if err != nil || n <= 0 {
			return
		}
		p.sink.Write(buf[:n])
		buffers.Put(buf)
	}
}

// await waits for output and reads it. The buffer is taken only once there is
// something to read.
func (p *pump) await() (buf *[chunk]byte, n int, err error) {
	cerr := p.conn.Read(func(fd uintptr) bool {
		buf, n, err = read(fd)
		return err != unix.EAGAIN
	})
	if cerr != nil {
		return nil, 0, cerr
	}
	return buf, n, err
}

// read takes what is there. On an error or at the end it keeps no buffer.
func read(fd uintptr) (buf *[chunk]byte, n int, err error) {
	buf = buffers.Get().(*[chunk]byte)
	for {
		n, err = unix.Read(int(fd), buf[:])
		if err != unix.EINTR {
			break
		}
	}
	if n <= 0 {
		buffers.Put(buf)
		return nil, 0, err
	}
	return buf, n, nil
}

// finish makes run read what is in the pipe and end.
func (p *pump) finish() { p.file.SetReadDeadline(time.Unix(1, 0)) }

// drain reads what is in the pipe without waiting for more.
func (p *pump) drain() {
	for total := 0; total < full; {
		var (
			buf *[chunk]byte
			n   int
			err error
		)
		cerr := p.conn.Control(func(fd uintptr) { buf, n, err = read(fd) })
		if cerr != nil || err != nil || n <= 0 {
			return
		}
		p.sink.Write(buf[:n])
		buffers.Put(buf)
		total += n
	}
}
