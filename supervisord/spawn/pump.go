package spawn

import (
	"errors"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
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
	file   *os.File
	conn   syscall.RawConn
	sink   Output
	tray   *Tray         // nil for none
	inode  uint64        // of the pipe
	fd     int           // of the child: 1 or 2
	halted atomic.Bool   // run is to end at once
	done   chan struct{} // closed when run has ended
}

// piece is a buffer with what was read into it.
type piece struct {
	text []byte
	slot *slot        // nil for a buffer of the pool:
	buf  *[chunk]byte // which is this
}

func newPump(f *os.File, fd int, w Output, t *Tray) (*pump, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &pump{file: f, conn: conn, sink: w, tray: t, inode: inode(f), fd: fd, done: make(chan struct{})}, nil
}

// run reads until the end of the pipe, or until finish is called and the pipe
// is empty.
func (p *pump) run() {
	defer close(p.done)
	defer p.file.Close()
	debug.SetPanicOnFault(true) // see survive
	for p.carry() {
	}
}

// carry carries what comes next. It tells whether there will be more.
func (p *pump) carry() (more bool) {
	defer p.survive(&more)
	out, err := p.await()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if !p.halted.Load() {
			p.drain()
		}
		return false
	}
	if err != nil || len(out.text) == 0 {
		return false
	}
	p.pass(out)
	return true
}

// survive sees to it that nobody who cuts the tray's file ends the daemon: the
// memory isn't there any more then.
func (p *pump) survive(more *bool) {
	switch e := recover().(type) {
	case nil:
	case interface {
		error
		Addr() uintptr
	}:
		p.tray.fail(e)
		*more = true
	default:
		panic(e)
	}
}

// pass gives output to the writer and the buffer back.
func (p *pump) pass(out piece) {
	p.sink.Write(out.text)
	p.putBack(out)
}

func (p *pump) putBack(out piece) {
	if out.slot != nil {
		p.tray.putBack(out.slot)
		return
	}
	buffers.Put(out.buf)
}

// await waits for output and reads it. The buffer is taken only once there is
// something to read.
func (p *pump) await() (out piece, err error) {
	cerr := p.conn.Read(func(fd uintptr) bool {
		out, err = p.read(int(fd))
		return err != unix.EAGAIN
	})
	if cerr != nil {
		return piece{}, cerr
	}
	return out, err
}

// read takes what is there. On an error or at the end it keeps no buffer.
func (p *pump) read(fd int) (piece, error) {
	out := piece{slot: p.tray.take()}
	if out.slot == nil {
		out.buf = buffers.Get().(*[chunk]byte)
	}
	for {
		n, err := p.readInto(fd, &out)
		if err == unix.EINTR {
			continue
		}
		if err == unix.EFAULT { // as in survive
			p.tray.fail(err)
			p.putBack(out)
			return p.read(fd)
		}
		if n <= 0 {
			p.putBack(out)
			return piece{}, err
		}
		return out, nil
	}
}

func (p *pump) readInto(fd int, out *piece) (n int, err error) {
	if out.slot != nil {
		n, err = out.slot.read(fd, p.inode, p.sink)
		out.text = out.slot.data[:max(n, 0)]
		return n, err
	}
	n, err = unix.Read(fd, out.buf[:])
	out.text = out.buf[:max(n, 0)]
	return n, err
}

// finish makes run read what is in the pipe and end.
func (p *pump) finish() { p.file.SetReadDeadline(time.Unix(1, 0)) }

// drain reads what is in the pipe without waiting for more.
func (p *pump) drain() {
	for total := 0; total < full; {
		var (
			out piece
			err error
		)
		cerr := p.conn.Control(func(fd uintptr) { out, err = p.read(int(fd)) })
		if cerr != nil || err != nil || len(out.text) == 0 {
			return
		}
		total += len(out.text)
		p.pass(out)
	}
}
