package history

import (
	"bytes"
	"io"
	"io/fs"
	"slices"
	"time"
)

// Place is a place in one of a log's files.
type Place struct {
	Inode  uint64
	Offset int64 // bytes
}

// Between returns the last lines between two places, at most so many and so many bytes of
// whole lines. If the beginning is in a file that is gone, it is the oldest file that is
// kept. The error is [fs.ErrNotExist] if the end is gone. at is when the end was written: a
// file that was created later has the same inode by chance.
func Between(path string, from, to Place, at time.Time, lines, maxBytes int) ([]byte, error) {
	files, err := open(path)
	if err != nil {
		return nil, err
	}
	defer closeAll(files)
	last := slices.IndexFunc(files, func(f *file) bool { return f.id.Inode == to.Inode && f.id.Birth <= at.UnixNano() })
	if last < 0 || files[last].size < to.Offset { // removed or truncated
		return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	s := selection{q: Query{Lines: lines, MaxBytes: maxBytes}}
	for _, f := range files[last:] {
		begin, end := int64(0), f.size
		if f.id.Inode == to.Inode {
			end = to.Offset
		}
		if f.id.Inode == from.Inode {
			begin = min(from.Offset, end)
		}
		b := backward{file: io.NewSectionReader(f, begin, end-begin), end: end - begin}
		for !s.done {
			line, err := b.line()
			if err != nil {
				return nil, err
			}
			if line == nil {
				break
			}
			s.take(line)
		}
		if s.done || f.id.Inode == from.Inode {
			break
		}
	}
	slices.Reverse(s.lines)
	return bytes.Join(s.lines, nil), nil
}
