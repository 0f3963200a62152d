package output

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/epoll"
	"supervisor/supervisord/system/pipes"
)

const (
	// handOverTimeout is how long HandOver waits for a slow sink.
	handOverTimeout = 100 * time.Millisecond
	// unstagedTimeout is how long it waits if what the sink has not taken is in memory
	// only, and would be lost.
	unstagedTimeout = 10 * time.Second
)

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
	reading     bool // readLoop runs
	ended       bool // it will not run again
	draining    bool // end when the pipe is empty
	handover    handover
	gatherTimer *time.Timer   // set while readLoop lets the pipe fill
	done        chan struct{} // closed at the end; nil until drain is called

	// The following belong to readLoop:
	lastRead  time.Time // when the last read ended
	drainLeft int       // bytes that are still read while draining
	size      int       // the size of the pipe, or what it was refused; 0 if unknown
}

// handover says how far HandOver has come.
type handover struct {
	halted    bool // end before the next read
	abandoned bool // handed over before the sink has taken the last piece
	unstaged  bool // the last piece is in no staging buffer
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
// the staging buffer keeps what the sink has not taken. Without a staging buffer it waits
// up to unstagedTimeout.
func (r *Reader) HandOver() (fd int, err error) {
	r.mu.Lock()
	fd = -1
	if !r.ended {
		if fd, err = pipes.Duplicate(r.fd); err != nil {
			err = fmt.Errorf("hand over a pipe: %w", err)
		}
	}
	r.handover.halted = true
	r.mu.Unlock()
	done := r.Drain()
	select {
	case <-done:
		return fd, err
	case <-time.After(handOverTimeout):
	}
	if r.abandon() {
		select {
		case <-done:
		case <-time.After(unstagedTimeout):
		}
	}
	return fd, err
}

// abandon leaves the last piece in its staging buffer, whatever the sink does with it from
// now on: it may be closed already. It reports whether the piece is in none.
func (r *Reader) abandon() (unstaged bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handover.abandoned = true
	return r.handover.unstaged
}
