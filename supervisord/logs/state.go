package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Position returns which file is written to and its size, 0 and 0 if there is
// none that can be looked into.
func (s *Stream) Position() (inode uint64, size int64) {
	if s.file == nil {
		return 0, 0
	}
	return s.file.position()
}

func (f *File) position() (inode uint64, size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file := f.current.Load()
	if file == nil || !f.isPlain.Load() || f.isStdio {
		return 0, 0
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, 0
	}
	return f.inode.Load(), size
}

// Resume is Write for output that an earlier daemon had read and was perhaps
// writing when it was killed. Where its log was, as Position had told, is
// looked at to write only what is missing. What strips or captures does not
// write what it gets; its output is taken for written if anything was.
func (s *Stream) Resume(data []byte, inode uint64, size int64) {
	written := s.written(inode, size)
	switch {
	case len(written) == 0:
		s.Write(data)
	case s.o.StripANSI || s.o.CaptureMaxBytes > 0 || bytes.Contains(written, data):
	case bytes.HasPrefix(data, written):
		s.Write(data[len(written):])
	default: // it is of others who share the log
		s.Write(data)
	}
}

// written returns what was appended to a file of that inode after it had that
// size, and to its successors: it may have been rotated since.
func (s *Stream) written(inode uint64, size int64) []byte {
	if s.file == nil || inode == 0 {
		return nil
	}
	for i := range s.file.o.Backups + 1 {
		text, err := tailOf(backup(s.file.path, i), inode, size)
		if err == nil {
			for newer := i - 1; newer >= 0; newer-- {
				more, _ := tailOf(backup(s.file.path, newer), 0, 0)
				text = append(text, more...)
			}
			return text
		}
		if i > 0 && errors.Is(err, fs.ErrNotExist) {
			break // there are no older ones
		}
	}
	return nil
}

var errOtherFile = errors.New("another file")

// tailOf fails with errOtherFile if the file at path has another inode than the
// one asked for, 0 for any. It returns no more than could be on its way.
func tailOf(path string, inode uint64, size int64) (tail []byte, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if inode != 0 && info.Sys().(*syscall.Stat_t).Ino != inode {
		return nil, errOtherFile
	}
	return io.ReadAll(io.NewSectionReader(f, size, 1<<20))
}

// StreamState is what a Stream has read and not passed on, because it may be the
// beginning of something, and what it has captured so far.
type StreamState struct {
	Sequence  uint8 // how much of an escape sequence
	Capturing bool
	Matched   int // bytes of a capture token
	Captured  []byte
}

// Save returns what another Stream needs to go on. The caller sees to it that
// nobody writes any more.
func (s *Stream) Save() StreamState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return StreamState{uint8(s.ansi.state), s.capture.isOn, s.capture.matched, s.capture.kept}
}

// Restore has the Stream, which has just been opened, go on where another has
// been. What can't have been is not believed.
func (s *Stream) Restore(h StreamState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.o.StripANSI && h.Sequence <= uint8(afterBracket) {
		s.ansi.state = sequence(h.Sequence)
	}
	if s.o.CaptureMaxBytes > 0 {
		c := capture{limit: s.capture.limit, isOn: h.Capturing, kept: h.Captured}
		if h.Matched >= 0 && h.Matched < len(c.token()) {
			c.matched = h.Matched
		}
		s.capture = c
	}
}
