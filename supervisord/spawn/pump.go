package spawn

import (
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	chunk = 128 << 10 // what one read takes at most, as in Supervisor
	// full is what a pipe holds at most without privileges. The last words of
	// a dead child can't be more; what comes after them is a grandchild's.
	full = 1 << 20
	// pipeSize is what a pipe holds unless told otherwise.
	pipeSize = 64 << 10
	// nap is how long a pump that has just read little leaves the pipe to fill:
	// to read each of many lines by itself takes four times as much.
	nap = time.Millisecond
	// haste is how soon after the last piece the next one makes a pump nap.
	// Those who say something now and then are not kept waiting.
	haste = 2 * nap
	// roomy is what the pipe of a child that says much is made to hold, so that
	// the child goes on writing meanwhile.
	roomy = 256 << 10
	// little is what is worth waiting for more, in bytes.
	little = 16 << 10
)

// buffers are lent to pumps while there is something to read, so that a
// thousand silent children hold none.
var buffers = sync.Pool{New: func() any { return new([chunk]byte) }}

// pump carries output from one pipe to its writer. While there is something to
// read a goroutine does that; a silent pump is but this struct.
type pump struct {
	poller *poller
	place  place
	fd     int // of ours, which does not block
	of     int // the child's descriptor: 1 or 2
	sink   Output
	tray   *Tray  // nil for none
	inode  uint64 // of the pipe
	over   func() // is called at the end, nil for nobody; it must not block

	mu      sync.Mutex
	listens bool
	awake   bool          // a goroutine is at work
	ended   bool          // and will never be again
	dying   bool          // it is to end when the pipe is empty
	halted  bool          // it is to end at once
	alarm   *time.Timer   // that ends a nap, nil for no nap
	done    chan struct{} // closed at the end, nil if nobody waits for it

	// These belong to the goroutine at work:
	last time.Time // when the last piece had been read
	left int       // bytes that a dying one still takes
	size int       // that the pipe has or can't have, 0 if unknown
}

// piece is a buffer with what was read into it.
type piece struct {
	text []byte
	slot *slot        // nil for a buffer of the pool:
	buf  *[chunk]byte // which is this
}

// newPump takes over the descriptor fd, or closes it if it fails.
func (s *Spawner) newPump(fd, of int, w Output) (*pump, error) {
	poller, err := s.poller()
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &pump{poller: poller, fd: fd, of: of, sink: w, tray: s.currentTray(), inode: inode(fd), left: full}, nil
}

// listen begins to read. Until then nothing is passed on.
func (p *pump) listen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listens = true
	if p.dying { // the child has ended already
		p.wake()
		return
	}
	p.rest()
}

// rest leaves the pipe to the poller.
func (p *pump) rest() {
	p.awake = false
	if p.poller.wait(p) != nil { // the kernel has no memory
		p.end()
	}
}

// heed is the poller's word that there is something to read, or nothing but the
// end.
func (p *pump) heed(isOver bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if isOver && p.isSilent() {
		p.end()
		return
	}
	p.wake()
}

func (p *pump) wake() {
	if p.isSilent() {
		p.awake = true
		go p.work()
	}
}

// finish has the pump read what is in the pipe and end. The channel is closed
// when it has.
func (p *pump) finish() (done <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dying = true
	if p.done == nil {
		p.done = make(chan struct{})
		if p.ended {
			close(p.done)
		}
	}
	if p.alarm != nil {
		p.alarm.Reset(0)
	}
	p.wake()
	return p.done
}

// finishAtOnce is finish for a pump with nothing to read, which most are when
// their child ends: there is no need of a goroutine to see that. It tells
// whether the pump has ended.
func (p *pump) finishAtOnce() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isSilent() && !holds(p.fd) {
		p.end()
	}
	return p.ended
}

// isSilent tells whether the pipe is the poller's.
func (p *pump) isSilent() bool { return p.listens && !p.awake && !p.ended }

// holds tells whether there is something to read, and not only the end.
func holds(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err != nil || n > 0 && fds[0].Revents&unix.POLLIN != 0
}

// abandon ends a pump that nobody has begun to listen with.
func (p *pump) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

func (p *pump) end() {
	p.ended = true
	p.poller.remove(p)
	if p.over != nil {
		p.over()
	}
	if p.done != nil {
		close(p.done)
	}
}

// work carries output until there is none, or no more.
func (p *pump) work() {
	debug.SetPanicOnFault(true) // see survive
	for p.mayGoOn() {
		n, err := p.carry()
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			p.fallSilent(true)
			return
		case n <= 0:
			p.abandon()
			return
		case !p.isLittle(n):
		case p.isInHaste():
			p.doze()
		case p.fallSilent(false):
			return
		}
	}
}

// mayGoOn ends a pump that is to halt, or that has taken all that a dead child
// can have left.
func (p *pump) mayGoOn() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.halted || p.dying && p.left <= 0 {
		p.end()
		return false
	}
	return true
}

// fallSilent leaves the pipe, which may be known to be empty, to the poller. A
// dying pump that may have something to read does not.
func (p *pump) fallSilent(isEmpty bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.dying:
		p.rest()
	case isEmpty:
		p.end()
	default:
		return false
	}
	return true
}

// isLittle tells whether a piece was so small that it is worth waiting for more.
// If it was large the pipe is made to hold more.
func (p *pump) isLittle(n int) bool {
	if p.size == 0 {
		p.size = capacity(p.fd)
	}
	if n >= p.size/2 && p.size < roomy {
		widen(p.fd, roomy)
		p.size = roomy // there will not be another attempt
	}
	return n < little
}

// isInHaste tells whether the last pieces came one upon the other.
func (p *pump) isInHaste() bool {
	before := p.last
	p.last = time.Now()
	return p.last.Sub(before) < haste
}

// doze lets the pipe fill, unless there is somebody to bury.
func (p *pump) doze() {
	p.mu.Lock()
	if p.dying {
		p.mu.Unlock()
		return
	}
	alarm := time.NewTimer(nap)
	p.alarm = alarm
	p.mu.Unlock()
	<-alarm.C
	p.mu.Lock()
	p.alarm = nil
	p.mu.Unlock()
}

// carry reads what is there and gives it to the writer. It returns how much
// that was, 0 at the end of the pipe; unix.EAGAIN if there was nothing;
// unix.EINTR if it must be tried again.
func (p *pump) carry() (n int, err error) {
	defer p.survive(&err)
	out, err := p.read()
	if n = len(out.text); n == 0 {
		return 0, err
	}
	if p.isDying() {
		p.left -= n
	}
	p.sink.Write(out.text)
	p.putBack(out)
	return n, nil
}

func (p *pump) isDying() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dying
}

// survive sees to it that nobody who cuts the tray's file ends the daemon: the
// memory isn't there any more then.
func (p *pump) survive(err *error) {
	switch e := recover().(type) {
	case nil:
	case interface {
		error
		Addr() uintptr
	}:
		p.tray.fail(e)
		*err = unix.EINTR
	default:
		panic(e)
	}
}

func (p *pump) putBack(out piece) {
	if out.slot != nil {
		p.tray.putBack(out.slot)
		return
	}
	buffers.Put(out.buf)
}

// read takes what is there. The buffer is taken only now; on an error or at the
// end it is put back.
func (p *pump) read() (piece, error) {
	out := piece{slot: p.tray.take()}
	if out.slot == nil {
		out.buf = buffers.Get().(*[chunk]byte)
	}
	n, err := p.readInto(&out)
	if n > 0 {
		return out, nil
	}
	if err == unix.EFAULT { // as in survive
		p.tray.fail(err)
		err = unix.EINTR
	}
	p.putBack(out)
	return piece{}, err
}

func (p *pump) readInto(out *piece) (n int, err error) {
	if out.slot != nil {
		n, err = out.slot.read(p.fd, p.inode, p.sink)
		out.text = out.slot.data[:max(n, 0)]
		return n, err
	}
	n, err = unix.Read(p.fd, out.buf[:])
	out.text = out.buf[:max(n, 0)]
	return n, err
}
