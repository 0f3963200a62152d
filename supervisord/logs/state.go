package logs

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Position returns the inode and the size of the log file; 0 and 0 if there is none or
// it is not a regular file.
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

// Resume is Write for output that an earlier daemon had read, and was perhaps writing
// when it was killed. inode and size are what Position returned before that write; the
// file's end tells what is missing, and only that is written. A stream that strips or
// captures does not write its input unchanged: there, output counts as written if
// anything was.
func (s *Stream) Resume(data []byte, inode uint64, size int64) {
	written := s.written(inode, size)
	switch {
	case len(written) == 0:
		s.Write(data)
	case s.o.StripANSI || s.o.CaptureMaxBytes > 0 || bytes.Contains(written, data):
	case bytes.HasPrefix(data, written):
		s.Write(data[len(written):])
	default: // written by others that share the log
		s.Write(data)
	}
}

// written returns what was appended to the file of that inode since it had that size,
// and to the files after it: it may have been rotated since.
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

// tailOf returns up to 1 MiB of a file from offset size. It fails with errOtherFile if
// the file has another inode; inode 0 matches any.
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

// StreamState is what a Stream holds back, because it may be the beginning of a token or
// sequence, and what it has captured so far. It is handed over at an upgrade.
type StreamState struct {
	Sequence  uint8 // how much of an escape sequence
	Capturing bool
	Matched   int // bytes of a capture token
	Captured  []byte
}

// Save returns the state for another Stream. There must be no Write after it.
func (s *Stream) Save() StreamState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return StreamState{uint8(s.ansi.state), s.capture.isOn, s.capture.matched, s.capture.kept}
}

// Restore sets the state of a Stream that has just been opened. Invalid values are
// ignored.
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
