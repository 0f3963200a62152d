package history

import (
	"io"
	"slices"
)

// Chunk is a part of a log.
type Chunk struct {
	Text []byte // may begin and end in the middle of a line
	Next Cursor // the place after it
	// Lost reports that lines between the cursor and this text are gone: their file
	// was removed or truncated.
	Lost bool
	More bool // there is more to read already
}

// Next returns what follows a cursor, at most limit bytes and from one file only. It
// never waits; the chunk is empty if there is nothing new. The error is that of the
// system, [io/fs.ErrNotExist] if there is no log.
func Next(path string, c Cursor, limit int) (Chunk, error) {
	files, err := open(path)
	if err != nil {
		return Chunk{}, err
	}
	defer closeAll(files)
	i, lost := slices.IndexFunc(files, func(f *file) bool { return f.id == c.File }), false
	switch {
	case i < 0:
		lost = c != Cursor{}
		i = oldestAfter(files, c.File)
		c = Cursor{File: files[i].id}
	case c.Offset > files[i].size: // truncated
		lost, c.Offset = true, 0
	}
	for ; ; i-- {
		f := files[i]
		text := make([]byte, min(int64(limit), f.size-c.Offset))
		n, err := f.ReadAt(text, c.Offset)
		if err != nil && err != io.EOF {
			return Chunk{}, err
		}
		c.Offset += int64(n)
		if n > 0 || i == 0 {
			return Chunk{Text: text[:n], Next: c, Lost: lost, More: c.Offset < f.size || i > 0}, nil
		}
		c = Cursor{File: files[i-1].id}
	}
}

// oldestAfter returns the oldest file that was created after a file that is gone. If
// the file system does not tell that, it is the newest one, so that nothing is read
// twice.
func oldestAfter(files []*file, gone Identity) int {
	if gone == (Identity{}) {
		return len(files) - 1
	}
	for i := len(files) - 1; i > 0; i-- {
		if gone.Birth > 0 && files[i].id.Birth > gone.Birth {
			return i
		}
	}
	return 0
}

// End returns the cursor at the end of a log: what Next returns for it is written
// later.
func End(path string) (Cursor, error) {
	files, err := open(path)
	if err != nil {
		return Cursor{}, err
	}
	defer closeAll(files)
	return Cursor{files[0].id, files[0].size}, nil
}
