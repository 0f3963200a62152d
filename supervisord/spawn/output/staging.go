package output

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/pipes"
	"supervisor/supervisord/system/safeopen"
)

// Staging holds buffers for output in a file that outlives the daemon. What has
// been read from a pipe and not been passed on when the daemon is killed is
// still there, and is passed on by the next one.
//
// It grows with the number of outputs that are being passed on at the same time,
// up to a limit: a pump that finds all buffers in use then takes one that does
// not last. The methods of a nil Tray do nothing.
type Staging struct {
	path   string
	report func(error)

	mu       sync.Mutex
	isOpen   bool
	closed   bool // for good
	full     bool // it can't grow any more
	file     *os.File
	segments [][]byte // sets of slots
	free     []*stagingBuffer
	left     map[uint64]*stagingBuffer // by the pipe's inode: of an earlier daemon
	inUse    int
}

const (
	bufferDataSize   = pipes.DefaultCapacity
	bufferHeaderSize = 4 << 10
	bufferSize       = bufferHeaderSize + bufferDataSize
	segmentSize      = 16 * bufferSize // by which the tray grows
	maxSegments      = 64              // of which the file takes 68 MB
)

// The phases of a slot.
const (
	bufferFree uint32 = iota
	bufferReading
	bufferWriting
)

// stagingBuffer is one buffer. All that it says is in the file.
type stagingBuffer struct {
	head *bufferHeader
	data []byte
}

type bufferHeader struct {
	phase uint32
	n     uint32 // bytes that are read or to be read
	pipe  uint64 // inode
	// mark is written where the output will be. While it is there nothing has
	// been read.
	mark [16]byte
	// What the log was before it got the output, 0 if it is none to look into.
	logInode uint64
	logSize  int64
}

// Positioned is an Output that can tell what it has written to.
type Positioned interface {
	// Position returns the inode and the size of the log file, 0 for no file.
	Position() (inode uint64, size int64)
	// Resume is Write for output that an earlier daemon may have written already,
	// in part or as a whole, to the file that was at that position.
	Resume(data []byte, inode uint64, size int64)
}

// NewStaging returns the tray in the file at path, which is opened or made when it
// is first needed. report is told if it can't be had; all goes on without it.
func NewStaging(path string, report func(error)) *Staging {
	return &Staging{path: path, report: report}
}

// open is called with the tray locked.
func (t *Staging) open() {
	if t.isOpen || t.closed {
		return
	}
	t.isOpen = true
	t.left = make(map[uint64]*stagingBuffer)
	if err := t.openFile(); err != nil {
		t.closed = true
		t.report(err)
		t.unmap()
	}
}

// openFile maps all that the file has.
func (t *Staging) openFile() (err error) {
	if t.file, err = safeopen.OpenOwn(t.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	for err = t.grow(); err == nil && int64(len(t.segments)+1)*segmentSize <= info.Size() && !t.full; {
		err = t.grow()
	}
	return err
}

// grow maps one more set of slots. It sees to it that the file has all the room
// on the disk that they will need: a page that can't be had later would end the
// process.
func (t *Staging) grow() error {
	at := int64(len(t.segments)) * segmentSize
	if err := allocate(t.file, at+segmentSize); err != nil {
		return &os.PathError{Op: "reserve", Path: t.path, Err: err}
	}
	set, err := unix.Mmap(int(t.file.Fd()), at, segmentSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	t.segments = append(t.segments, set)
	t.full = len(t.segments) == maxSegments
	for at := 0; at < segmentSize; at += bufferSize {
		s := &stagingBuffer{(*bufferHeader)(unsafe.Pointer(&set[at])), set[at+bufferHeaderSize : at+bufferSize]}
		if s.hasOutput() {
			t.left[s.head.pipe] = s
			continue
		}
		s.clear()
		t.free = append(t.free, s)
	}
	return nil
}

// hasOutput tells whether there is output in a slot that nobody uses.
func (s *stagingBuffer) hasOutput() bool {
	h := s.head
	switch {
	case h.n == 0 || h.n > bufferDataSize:
		return false
	case h.phase == bufferReading:
		return string(s.data[:s.markLen()]) != string(h.mark[:s.markLen()])
	}
	return h.phase == bufferWriting
}

// markLen is the length of the mark, which is cut for short output.
func (s *stagingBuffer) markLen() int { return min(int(s.head.n), len(s.head.mark)) }

func (s *stagingBuffer) clear() { atomic.StoreUint32(&s.head.phase, bufferFree) }

// take lends a slot, nil if there is none.
func (t *Staging) take() *stagingBuffer {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open()
	if len(t.free) == 0 && !t.closed && !t.full {
		if err := t.grow(); err != nil {
			t.full = true
			t.report(err)
		}
	}
	if len(t.free) == 0 || t.closed {
		return nil
	}
	s := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	t.inUse++
	return s
}

func (t *Staging) putBack(s *stagingBuffer) {
	s.clear()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, s)
	t.inUse--
	t.unmap()
}

// Recover passes on what was left of the output of a pipe.
func (t *Staging) Recover(pipe uint64, w Sink) {
	if t == nil || pipe == 0 {
		return
	}
	t.mu.Lock()
	t.open()
	s := t.left[pipe]
	delete(t.left, pipe)
	t.mu.Unlock()
	if s == nil {
		return
	}
	if p, ok := w.(Positioned); ok {
		p.Resume(s.data[:s.head.n], s.head.logInode, s.head.logSize)
	} else {
		w.Write(s.data[:s.head.n])
	}
	s.clear()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, s)
}

// DiscardUnclaimed gives up what was left and has not been asked for.
func (t *Staging) DiscardUnclaimed() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for pipe, s := range t.left {
		s.clear()
		delete(t.left, pipe)
		t.free = append(t.free, s)
	}
}

// Close lends nothing any more, and the file goes away. The memory does when
// nobody uses it.
func (t *Staging) Close() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		os.Remove(t.path)
	}
	t.closed = true
	t.unmap()
}

// fail gives up a tray that has lost its file.
func (t *Staging) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		t.report(err)
	}
}

func (t *Staging) unmap() {
	if !t.closed || t.inUse > 0 {
		return
	}
	for _, set := range t.segments {
		_ = unix.Munmap(set)
	}
	t.segments, t.free, t.left = nil, nil, nil
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}

// read reads what is in the pipe. The kernel does that as a whole or not at
// all, and the mark tells which; the slot says beforehand how much it will be.
func (s *stagingBuffer) read(fd int, pipe uint64, w Sink) (n int, err error) {
	waiting, err := unix.IoctlGetInt(fd, fionread)
	if err != nil {
		return 0, err
	}
	if waiting == 0 {
		return 0, emptyPipeError(fd)
	}
	h := s.head
	h.n, h.pipe = uint32(min(waiting, len(s.data))), pipe
	h.logInode, h.logSize = 0, 0
	if p, ok := w.(Positioned); ok {
		h.logInode, h.logSize = p.Position()
	}
	binary.NativeEndian.PutUint64(h.mark[:], rand.Uint64())
	binary.NativeEndian.PutUint64(h.mark[8:], rand.Uint64())
	copy(s.data, h.mark[:s.markLen()])
	atomic.StoreUint32(&h.phase, bufferReading)
	n, err = unix.Read(fd, s.data[:h.n])
	if n <= 0 {
		s.clear()
		return n, err
	}
	atomic.StoreUint32(&h.n, uint32(n))
	atomic.StoreUint32(&h.phase, bufferWriting)
	return n, nil
}

// emptyPipeError tells what an empty pipe is: at its end, which is no error, or not.
func emptyPipeError(fd int) error {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 0); err == nil && n > 0 && fds[0].Revents&unix.POLLIN == 0 {
		return nil
	}
	return unix.EAGAIN
}
