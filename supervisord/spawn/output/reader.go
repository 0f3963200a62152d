package output

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
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
	// handOverTimeout is how long HandOver waits for a slow sink.
	handOverTimeout = 100 * time.Millisecond
)

// bufferPool lends buffers to Readers while there is something to read, so that a
// thousand silent children hold none.
var bufferPool = sync.Pool{New: func() any { return new([maxRead]byte) }}

// Sink takes what a child writes. It handles its own errors: they must not stop the child.
type Sink interface {
	// Write takes a piece of output. The data is valid only during the call.
	Write(data []byte)
}

// Reader reads one pipe and passes the output to a Sink. While there is nothing to read
// it has no goroutine.
type Reader struct {
	poller  *epoll.Poller
	token   epoll.Token // 0 until the pipe was added to the poller
	fd      int         // the read end, which does not block
	childFD int         // the child's descriptor: 1 or 2
	sink    Sink
	staging *Staging // nil for none
	inode   uint64   // of the pipe
	onEnd   func()   // nil for none

	mu          sync.Mutex
	started     bool
	reading     bool          // readLoop runs
	ended       bool          // it will not run again
	draining    bool          // end when the pipe is empty
	halted      bool          // end before the next read
	gatherTimer *time.Timer   // set while readLoop lets the pipe fill
	done        chan struct{} // closed at the end; nil until drain is called

	// The following belong to readLoop:
	lastRead  time.Time // when the last read ended
	drainLeft int       // bytes that are still read while draining
	size      int       // the size of the pipe, or what it was refused; 0 if unknown
}

// readBuffer is a buffer with what was read into it.
type readBuffer struct {
	data   []byte
	staged *stagingBuffer // nil for a buffer of the pool,
	buf    *[maxRead]byte // which is this one
}

// NewReader returns a Reader of the pipe fd, the other end of which is the child's
// descriptor childFD. It owns fd, which must not block. Staging may be nil. Nothing is
// read before Start.
func NewReader(poller *epoll.Poller, fd, childFD int, sink Sink, staging *Staging) *Reader {
	return &Reader{poller: poller, fd: fd, childFD: childFD, sink: sink, staging: staging, inode: pipes.Inode(fd), drainLeft: maxPipeSize}
}

// FD returns the descriptor of the read end.
func (r *Reader) FD() int { return r.fd }

// ChildFD returns which descriptor of the child this is the output of: 1 or 2.
func (r *Reader) ChildFD() int { return r.childFD }

// Inode returns the inode of the pipe, 0 if it is unknown.
func (r *Reader) Inode() uint64 { return r.inode }

// OnEnd sets a function that is called when the pipe is at its end. It must be set before
// Start and must not block.
func (r *Reader) OnEnd(f func()) { r.onEnd = f }

// Start begins to read.
func (r *Reader) Start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = true
	if r.draining { // the child has already exited
		r.startLoop()
		return
	}
	r.waitReadable()
}

// waitReadable leaves the pipe to the poller.
func (r *Reader) waitReadable() {
	r.reading = false
	if r.arm() != nil { // the kernel has no memory
		r.end()
	}
}

func (r *Reader) arm() (err error) {
	if r.token == 0 {
		r.token, err = r.poller.Add(r.fd, epoll.Readable|epoll.Once, r)
		return err
	}
	return r.poller.Rearm(r.token, r.fd, epoll.Readable|epoll.Once)
}

// HandleEvent implements epoll.Handler.
func (r *Reader) HandleEvent(hangup bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if hangup && r.isIdle() {
		r.end()
		return
	}
	r.startLoop()
}

func (r *Reader) startLoop() {
	if r.isIdle() {
		r.reading = true
		go r.readLoop()
	}
}

// Drain makes the Reader read what is in the pipe and end. The channel is closed when it
// has ended.
func (r *Reader) Drain() (done <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining = true
	if r.done == nil {
		r.done = make(chan struct{})
		if r.ended {
			close(r.done)
		}
	}
	if r.gatherTimer != nil {
		r.gatherTimer.Reset(0)
	}
	r.startLoop()
	return r.done
}

// EndIfEmpty ends a Reader whose pipe is empty, as most pipes are when their child exits,
// without a goroutine. It reports whether the Reader has ended. It never blocks.
func (r *Reader) EndIfEmpty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isIdle() && !hasInput(r.fd) {
		r.end()
	}
	return r.ended
}

// isIdle reports whether the poller waits for the pipe.
func (r *Reader) isIdle() bool { return r.started && !r.reading && !r.ended }

// hasInput reports whether there is something to read, and not only the end.
func hasInput(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err != nil || n > 0 && fds[0].Revents&unix.POLLIN != 0
}

// Close ends a Reader that was not started.
func (r *Reader) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end()
}

func (r *Reader) end() {
	r.ended = true
	r.poller.CloseFD(r.token, r.fd)
	if r.onEnd != nil {
		r.onEnd()
	}
	if r.done != nil {
		close(r.done)
	}
}

// HandOver ends the Reader between two pieces and returns a descriptor with which another
// program can go on, -1 if the pipe is at its end. It does not wait long for a slow sink:
// the staging buffer keeps what the sink has not taken.
func (r *Reader) HandOver() (fd int, err error) {
	r.mu.Lock()
	fd = -1
	if !r.ended {
		if fd, err = pipes.Duplicate(r.fd); err != nil {
			err = fmt.Errorf("hand over a pipe: %w", err)
		}
	}
	r.halted = true
	r.mu.Unlock()
	select {
	case <-r.Drain():
	case <-time.After(handOverTimeout):
	}
	return fd, err
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
	if r.halted || r.draining && r.drainLeft <= 0 {
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
	r.putBack(b)
	return n, nil
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
