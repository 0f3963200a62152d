package output

import (
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/pipes"
)

const (
	maxRead = 128 << 10 // bytes of one read at most, as in Supervisor
	// maxPipeSize is how many bytes a pipe holds at most without privileges. A child that
	// has exited can't have left more; what comes after them is a grandchild's.
	maxPipeSize = 1 << 20
	// gatherDelay is how long a busy Reader lets the pipe fill after a small read. To
	// read each of many lines by itself takes four times as much CPU.
	gatherDelay = time.Millisecond
	// gatherWindow is how soon one read must follow another for the Reader to be busy.
	// A child that writes only now and then is not delayed.
	gatherWindow = 2 * gatherDelay
	// pipeSizeBusy is the size to which the pipe of a busy child is grown, in bytes, so
	// that the child can go on writing meanwhile.
	pipeSizeBusy = 256 << 10
	// smallRead is the size of a read, in bytes, from which on gathering is not worth it.
	smallRead = 16 << 10
)

// bufferPool lends buffers to Readers while there is something to read, so that a
// thousand silent children hold none.
var bufferPool = sync.Pool{New: func() any { return new([maxRead]byte) }}

// readBuffer is a buffer with what was read into it.
type readBuffer struct {
	data   []byte
	staged *stagingBuffer // nil for a buffer of the pool,
	buf    *[maxRead]byte // which is this one
}

// readLoop reads until the pipe is empty or at its end.
func (r *Reader) readLoop() {
	debug.SetPanicOnFault(true) // see recoverFault
	for r.mayContinue() {
		n, err := r.transfer()
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			r.becomeIdle(true)
			return
		case n <= 0:
			r.Close()
			return
		case !r.isSmallRead(n):
		case r.isBusy():
			r.gather()
		case r.becomeIdle(false):
			return
		}
	}
}

// mayContinue ends a Reader that was halted, or that has read all that an exited child
// can have left. It reports whether the Reader goes on.
func (r *Reader) mayContinue() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handover.halted || r.draining && r.drainLeft <= 0 {
		r.end()
		return false
	}
	return true
}

// becomeIdle leaves the pipe to the poller, and reports whether it did. A draining Reader
// ends if the pipe is known to be empty, and goes on otherwise.
func (r *Reader) becomeIdle(isEmpty bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.draining:
		r.waitReadable()
	case isEmpty:
		r.end()
	default:
		return false
	}
	return true
}

// isSmallRead reports whether a read of n bytes was so small that it is worth waiting for
// more. After a large one it grows the pipe.
func (r *Reader) isSmallRead(n int) bool {
	if r.size == 0 {
		r.size = pipes.Capacity(r.fd)
	}
	if n >= r.size/2 && r.size < pipeSizeBusy {
		pipes.SetCapacity(r.fd, pipeSizeBusy)
		r.size = pipeSizeBusy // also when it was refused: there is no second attempt
	}
	return n < smallRead
}

// isBusy reports whether this read followed the last one closely.
func (r *Reader) isBusy() bool {
	before := r.lastRead
	r.lastRead = time.Now()
	return r.lastRead.Sub(before) < gatherWindow
}

// gather lets the pipe fill, unless the child has exited.
func (r *Reader) gather() {
	r.mu.Lock()
	if r.draining {
		r.mu.Unlock()
		return
	}
	timer := time.NewTimer(gatherDelay)
	r.gatherTimer = timer
	r.mu.Unlock()
	<-timer.C
	r.mu.Lock()
	r.gatherTimer = nil
	r.mu.Unlock()
}

// transfer reads what is there and gives it to the sink. It returns the number of bytes,
// 0 at the end of the pipe; unix.EAGAIN if there was nothing; unix.EINTR if it must be
// tried again.
func (r *Reader) transfer() (n int, err error) {
	defer r.recoverFault(&err)
	b, err := r.read()
	if n = len(b.data); n == 0 {
		return 0, err
	}
	if r.isDraining() {
		r.drainLeft -= n
	}
	r.sink.Write(b.data)
	if !r.isAbandoned() {
		r.putBack(b)
	}
	return n, nil
}

func (r *Reader) isAbandoned() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.handover.abandoned
}

func (r *Reader) isDraining() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draining
}

// recoverFault keeps the daemon alive when somebody truncates the staging file: its pages
// are gone then, and an access to them is a fault.
func (r *Reader) recoverFault(err *error) {
	switch e := recover().(type) {
	case nil:
	case interface {
		error
		Addr() uintptr
	}:
		r.staging.fail(e)
		*err = unix.EINTR
	default:
		panic(e)
	}
}

func (r *Reader) putBack(b readBuffer) {
	if b.staged != nil {
		r.staging.putBack(b.staged)
		return
	}
	bufferPool.Put(b.buf)
}

// read reads what is there into a buffer that it takes now. On an error or at the end it
// puts the buffer back.
func (r *Reader) read() (readBuffer, error) {
	b := readBuffer{staged: r.staging.take()}
	if b.staged == nil {
		b.buf = bufferPool.Get().(*[maxRead]byte)
	}
	if !r.beginRead(b.staged == nil) {
		r.putBack(b)
		return readBuffer{}, unix.EINTR
	}
	n, err := r.readInto(&b)
	if n > 0 {
		return b, nil
	}
	if err == unix.EFAULT { // see recoverFault
		r.staging.fail(err)
		err = unix.EINTR
	}
	r.putBack(b)
	return readBuffer{}, err
}

// beginRead reports whether the Reader may read, which it may not once it was halted.
func (r *Reader) beginRead(unstaged bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handover.unstaged = unstaged
	return !r.handover.halted
}

func (r *Reader) readInto(b *readBuffer) (n int, err error) {
	if b.staged != nil {
		n, err = b.staged.read(r.fd, r.inode, r.sink)
		b.data = b.staged.data[:max(n, 0)]
		return n, err
	}
	n, err = unix.Read(r.fd, b.buf[:])
	b.data = b.buf[:max(n, 0)]
	return n, err
}
