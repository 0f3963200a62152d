package history

import (
	"bytes"
	"io"
)

// backward reads the lines of a file from its end to its beginning.
type backward struct {
	file io.ReaderAt
	end  int64  // what is before it has not been read yet
	rest []byte // read, but not returned yet
}

const blockSize = 64 << 10

// line returns the line before the last one that was returned, with its newline; nil
// at the beginning of the file.
func (b *backward) line() ([]byte, error) {
	for {
		// The newline at the end of rest belongs to the line that is looked for.
		if i := bytes.LastIndexByte(b.rest[:max(len(b.rest)-1, 0)], '\n'); i >= 0 {
			line := b.rest[i+1:]
			b.rest = b.rest[:i+1]
			return line, nil
		}
		if b.end == 0 {
			line := b.rest
			b.rest = nil
			if len(line) == 0 {
				return nil, nil
			}
			return line, nil
		}
		n := min(max(blockSize, int64(len(b.rest))), b.end) // doubles for a very long line
		block := make([]byte, n, int(n)+len(b.rest))
		if _, err := b.file.ReadAt(block, b.end-n); err != nil && err != io.EOF {
			return nil, err
		}
		b.end -= n
		b.rest = append(block, b.rest...)
	}
}
