package spawn

import (
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/pipes"
)

const (
	maxRead = 128 << 10 // what one read takes at most, as in Supervisor
	// maxPipeSize is what a pipe holds at most without privileges. The last words of
	// a dead child can't be more; what comes after them is a grandchild's.
	maxPipeSize = 1 << 20
	// pipeSize is what a pipe holds unless told otherwise.
	pipeSize = 64 << 10
	// gatherDelay is how long a pump that has just read little leaves the pipe to fill:
	// to read each of many lines by itself takes four times as much.
	gatherDelay = time.Millisecond
	// gatherWindow is how soon after the last piece the next one makes a pump nap.
	// Those who say something now and then are not kept waiting.
	gatherWindow = 2 * gatherDelay
	// pipeSizeBusy is what the pipe of a child that says much is made to hold, so that
	// the child goes on writing meanwhile.
	pipeSizeBusy = 256 << 10
	// smallRead is what is worth waiting for more, in bytes.
	smallRead = 16 << 10
)

// bufferPool are lent to pumps while there is something to read, so that a
// thousand silent children hold none.
var bufferPool = sync.Pool{New: func() any { return new([maxRead]byte) }}

// outputReader carries output from one pipe to its writer. While there is something to
// read a goroutine does that; a silent pump is but this struct.
type outputReader struct {
	poller  *poller
	token   pollToken
	fd      int // of ours, which does not block
	childFD int // the child's descriptor: 1 or 2
	sink    Output
	staging *Staging // nil for none
	inode   uint64   // of the pipe
	onEnd   func()   // is called at the end, nil for nobody; it must not block

	mu          sync.Mutex
	started     bool
	reading     bool          // a goroutine is at work
	ended       bool          // and will never be again
	draining    bool          // it is to end when the pipe is empty
	halted      bool          // it is to end at once
	gatherTimer *time.Timer   // that ends a nap, nil for no nap
	done        chan struct{} // closed at the end, nil if nobody waits for it

	// These belong to the goroutine at work:
	lastRead  time.Time // when the last piece had been read
	drainLeft int       // bytes that a dying one still takes
	size      int       // that the pipe has or can't have, 0 if unknown
}

// readBuffer is a buffer with what was read into it.
type readBuffer struct {
	data   []byte
	staged *stagingBuffer // nil for a buffer of the pool:
	buf    *[maxRead]byte // which is this
}

// newOutputReader takes over the descriptor fd, or closes it if it fails.
func (s *Spawner) newOutputReader(fd, of int, w Output) (*outputReader, error) {
	poller, err := s.poller()
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &outputReader{poller: poller, fd: fd, childFD: of, sink: w, staging: s.currentStaging(), inode: pipes.Inode(fd), drainLeft: maxPipeSize}, nil
}

// start begins to read. Until then nothing is passed on.
func (p *outputReader) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started = true
	if p.draining { // the child has ended already
		p.startLoop()
		return
	}
	p.waitReadable()
}

// waitReadable leaves the pipe to the poller.
func (p *outputReader) waitReadable() {
	p.reading = false
	if p.poller.arm(p) != nil { // the kernel has no memory
		p.end()
	}
}

// handleEvent is the poller's word that there is something to read, or nothing but the
// end.
func (p *outputReader) handleEvent(atEOF bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if atEOF && p.isIdle() {
		p.end()
		return
	}
	p.startLoop()
}

func (p *outputReader) startLoop() {
	if p.isIdle() {
		p.reading = true
		go p.readLoop()
	}
}

// drain has the pump read what is in the pipe and end. The channel is closed
// when it has.
func (p *outputReader) drain() (done <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draining = true
	if p.done == nil {
		p.done = make(chan struct{})
		if p.ended {
			close(p.done)
		}
	}
	if p.gatherTimer != nil {
		p.gatherTimer.Reset(0)
	}
	p.startLoop()
	return p.done
}

// endIfEmpty is finish for a pump with nothing to read, which most are when
// their child ends: there is no need of a goroutine to see that. It tells
// whether the pump has ended.
func (p *outputReader) endIfEmpty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isIdle() && !hasInput(p.fd) {
		p.end()
	}
	return p.ended
}

// isIdle tells whether the pipe is the poller's.
func (p *outputReader) isIdle() bool { return p.started && !p.reading && !p.ended }

// hasInput tells whether there is something to read, and not only the end.
func hasInput(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err != nil || n > 0 && fds[0].Revents&unix.POLLIN != 0
}

// close ends a pump that nobody has begun to listen with.
func (p *outputReader) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

func (p *outputReader) end() {
	p.ended = true
	p.poller.remove(p)
	if p.onEnd != nil {
		p.onEnd()
	}
	if p.done != nil {
		close(p.done)
	}
}

// readLoop carries output until there is none, or no more.
func (p *outputReader) readLoop() {
	debug.SetPanicOnFault(true) // see survive
	for p.mayContinue() {
		n, err := p.transfer()
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			p.becomeIdle(true)
			return
		case n <= 0:
			p.close()
			return
		case !p.isSmallRead(n):
		case p.isBusy():
			p.gather()
		case p.becomeIdle(false):
			return
		}
	}
}

// mayContinue ends a pump that is to halt, or that has taken all that a dead child
// can have left.
func (p *outputReader) mayContinue() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halted || p.draining && p.drainLeft <= 0 {
		p.end()
		return false
	}
	return true
}

// becomeIdle leaves the pipe, which may be known to be empty, to the poller. A
// dying pump that may have something to read does not.
func (p *outputReader) becomeIdle(isEmpty bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.draining:
		p.waitReadable()
	case isEmpty:
		p.end()
	default:
		return false
	}
	return true
}

// isSmallRead tells whether a piece was so small that it is worth waiting for more.
// If it was large the pipe is made to hold more.
func (p *outputReader) isSmallRead(n int) bool {
	if p.size == 0 {
		p.size = pipes.Capacity(p.fd)
	}
	if n >= p.size/2 && p.size < pipeSizeBusy {
		pipes.SetCapacity(p.fd, pipeSizeBusy)
		p.size = pipeSizeBusy // there will not be another attempt
	}
	return n < smallRead
}

// isBusy tells whether the last pieces came one upon the other.
func (p *outputReader) isBusy() bool {
	before := p.lastRead
	p.lastRead = time.Now()
	return p.lastRead.Sub(before) < gatherWindow
}

// gather lets the pipe fill, unless there is somebody to bury.
func (p *outputReader) gather() {
	p.mu.Lock()
	if p.draining {
		p.mu.Unlock()
		return
	}
	timer := time.NewTimer(gatherDelay)
	p.gatherTimer = timer
	p.mu.Unlock()
	<-timer.C
	p.mu.Lock()
	p.gatherTimer = nil
	p.mu.Unlock()
}

// transfer reads what is there and gives it to the writer. It returns how much
// that was, 0 at the end of the pipe; unix.EAGAIN if there was nothing;
// unix.EINTR if it must be tried again.
func (p *outputReader) transfer() (n int, err error) {
	defer p.recoverFault(&err)
	out, err := p.read()
	if n = len(out.data); n == 0 {
		return 0, err
	}
	if p.isDraining() {
		p.drainLeft -= n
	}
	p.sink.Write(out.data)
	p.putBack(out)
	return n, nil
}

func (p *outputReader) isDraining() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.draining
}

// recoverFault sees to it that nobody who cuts the tray's file ends the daemon: the
// memory isn't there any more then.
func (p *outputReader) recoverFault(err *error) {
	switch e := recover().(type) {
	case nil:
	case interface {
		error
		Addr() uintptr
	}:
		p.staging.fail(e)
		*err = unix.EINTR
	default:
		panic(e)
	}
}

func (p *outputReader) putBack(out readBuffer) {
	if out.staged != nil {
		p.staging.putBack(out.staged)
		return
	}
	bufferPool.Put(out.buf)
}

// read takes what is there. The buffer is taken only now; on an error or at the
// end it is put back.
func (p *outputReader) read() (readBuffer, error) {
	out := readBuffer{staged: p.staging.take()}
	if out.staged == nil {
		out.buf = bufferPool.Get().(*[maxRead]byte)
	}
	n, err := p.readInto(&out)
	if n > 0 {
		return out, nil
	}
	if err == unix.EFAULT { // as in survive
		p.staging.fail(err)
		err = unix.EINTR
	}
	p.putBack(out)
	return readBuffer{}, err
}

func (p *outputReader) readInto(out *readBuffer) (n int, err error) {
	if out.staged != nil {
		n, err = out.staged.read(p.fd, p.inode, p.sink)
		out.data = out.staged.data[:max(n, 0)]
		return n, err
	}
	n, err = unix.Read(p.fd, out.buf[:])
	out.data = out.buf[:max(n, 0)]
	return n, err
}
