package output

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/safeopen"
)

// Staging holds buffers for output in a mapped file that outlives the daemon. What has been
// read from a pipe but not passed on when the daemon is killed is still in the file, and the
// next daemon passes it on.
//
// The file grows with the number of outputs that are being passed on at the same time, up to
// a limit. A Reader that finds all buffers in use takes a buffer in memory. The methods of a
// nil Staging do nothing.
type Staging struct {
	path   string
	report func(error)

	mu       sync.Mutex
	isOpen   bool
	closed   bool // it lends no more buffers
	full     bool // it can't grow any more
	file     *os.File
	segments [][]byte // the mapped parts of the file, each with several buffers
	free     []*stagingBuffer
	left     map[uint64]*stagingBuffer // of an earlier daemon, by the pipe's inode
	inUse    int
}

// NewStaging returns a Staging with the file at path, which is opened or made when it is
// first needed. If that fails it calls report, and all buffers are in memory.
func NewStaging(path string, report func(error)) *Staging {
	return &Staging{path: path, report: report}
}

// open opens the file once. The caller holds mu.
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

// openFile maps the whole file.
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

// grow maps one more segment. It first allocates the segment's blocks on the disk: a page
// without a block would kill the process when it is written.
func (t *Staging) grow() error {
	offset := int64(len(t.segments)) * segmentSize
	if err := allocate(t.file, offset+segmentSize); err != nil {
		return &os.PathError{Op: "reserve", Path: t.path, Err: err}
	}
	segment, err := unix.Mmap(int(t.file.Fd()), offset, segmentSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	t.segments = append(t.segments, segment)
	t.full = len(t.segments) == maxSegments
	for at := 0; at < segmentSize; at += bufferSize {
		b := newStagingBuffer(segment[at : at+bufferSize])
		if b.hasOutput() {
			t.left[b.head.pipe] = b
			continue
		}
		b.clear()
		t.free = append(t.free, b)
	}
	return nil
}

// take lends a buffer, nil if there is none.
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
	b := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	t.inUse++
	return b
}

func (t *Staging) putBack(b *stagingBuffer) {
	b.clear()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, b)
	t.inUse--
	t.unmap()
}

// Recover passes on to w what an earlier daemon has left of the output of the pipe with that
// inode.
func (t *Staging) Recover(pipe uint64, w Sink) {
	if t == nil || pipe == 0 {
		return
	}
	t.mu.Lock()
	t.open()
	b := t.left[pipe]
	delete(t.left, pipe)
	t.mu.Unlock()
	if b == nil {
		return
	}
	if p, ok := w.(Positioned); ok {
		p.Resume(b.data[:b.head.n], b.head.logInode, b.head.logSize)
	} else {
		w.Write(b.data[:b.head.n])
	}
	b.clear()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, b)
}

// DiscardUnclaimed frees the buffers of an earlier daemon that were not recovered.
func (t *Staging) DiscardUnclaimed() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for pipe, b := range t.left {
		b.clear()
		delete(t.left, pipe)
		t.free = append(t.free, b)
	}
}

// Close removes the file, and unmaps it once no Reader uses it.
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

// fail gives up a Staging whose file was truncated.
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
	for _, segment := range t.segments {
		_ = unix.Munmap(segment)
	}
	t.segments, t.free, t.left = nil, nil, nil
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}
