package output

import (
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/pipes"
)

const (
	bufferDataSize   = pipes.DefaultCapacity
	bufferHeaderSize = 4 << 10
	bufferSize       = bufferHeaderSize + bufferDataSize
	segmentSize      = 16 * bufferSize // by which the file grows
	maxSegments      = 64              // with which the file has 68 MB
)

// The phases of a buffer.
const (
	bufferFree uint32 = iota
	bufferReading
	bufferWriting
)

// stagingBuffer is one buffer in the staging file.
type stagingBuffer struct {
	head *bufferHeader
	data []byte
}

// bufferHeader is the header of a buffer in the file. Daemons of other versions read it.
type bufferHeader struct {
	phase uint32
	n     uint32 // bytes read, or to be read
	pipe  uint64 // inode
	// mark is written where the output will be. While it is there nothing has been read.
	mark [16]byte
	// The log file before it got the output, 0 if the sink has no file.
	logInode uint64
	logSize  int64
}

// newStagingBuffer returns the buffer in a part of a segment.
func newStagingBuffer(part []byte) *stagingBuffer {
	return &stagingBuffer{(*bufferHeader)(unsafe.Pointer(&part[0])), part[bufferHeaderSize:]}
}

// Positioned is a Sink that writes to a file and knows its position.
type Positioned interface {
	// Position returns the inode and the size of the log file, 0 for no file.
	Position() (inode uint64, size int64)
	// Resume writes output, some or all of which an earlier daemon may already have
	// written to the file that was at that position.
	Resume(data []byte, inode uint64, size int64)
}

// hasOutput reports whether a buffer of an earlier daemon has output.
func (b *stagingBuffer) hasOutput() bool {
	h := b.head
	switch {
	case h.n == 0 || h.n > bufferDataSize:
		return false
	case h.phase == bufferReading:
		return string(b.data[:b.markLen()]) != string(h.mark[:b.markLen()])
	}
	return h.phase == bufferWriting
}

// markLen returns the length of the mark, which is truncated for short output.
func (b *stagingBuffer) markLen() int { return min(int(b.head.n), len(b.head.mark)) }

func (b *stagingBuffer) clear() { atomic.StoreUint32(&b.head.phase, bufferFree) }

// read reads what is in the pipe. The header says beforehand how much that is. The kernel
// reads all of it or nothing; whether it has, the mark shows.
func (b *stagingBuffer) read(fd int, pipe uint64, w Sink) (n int, err error) {
	waiting, err := unix.IoctlGetInt(fd, fionread)
	if err != nil {
		return 0, err
	}
	if waiting == 0 {
		return 0, emptyPipeError(fd)
	}
	h := b.head
	h.n, h.pipe = uint32(min(waiting, len(b.data))), pipe
	h.logInode, h.logSize = 0, 0
	if p, ok := w.(Positioned); ok {
		h.logInode, h.logSize = p.Position()
	}
	binary.NativeEndian.PutUint64(h.mark[:], rand.Uint64())
	binary.NativeEndian.PutUint64(h.mark[8:], rand.Uint64())
	copy(b.data, h.mark[:b.markLen()])
	atomic.StoreUint32(&h.phase, bufferReading)
	n, err = unix.Read(fd, b.data[:h.n])
	if n <= 0 {
		b.clear()
		return n, err
	}
	atomic.StoreUint32(&h.n, uint32(n))
	atomic.StoreUint32(&h.phase, bufferWriting)
	return n, nil
}

// emptyPipeError returns nil if an empty pipe is at its end, and unix.EAGAIN otherwise.
func emptyPipeError(fd int) error {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 0); err == nil && n > 0 && fds[0].Revents&unix.POLLIN == 0 {
		return nil
	}
	return unix.EAGAIN
}
