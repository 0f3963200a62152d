package logs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"
)

// Excerpt is a part of a log as text. A long one is not kept in memory but read from
// the file in pieces each time. The zero value is an empty text.
type Excerpt struct {
	text string // all of it, unless it is long

	path      string // of the log, "" unless the text is long
	file      os.FileInfo
	offset, n int64
}

const (
	// shortExcerpt is how many bytes are read at once and kept.
	shortExcerpt = 64 << 10
	// pieceSize is how many bytes of a long text are in memory.
	pieceSize = 64 << 10
)

// Literal returns an excerpt that is the text itself.
func Literal(text string) Excerpt { return Excerpt{text: text} }

// ReadExcerpt is [Read] for a text that may be long.
func ReadExcerpt(path string, offset, length int64) (Excerpt, error) {
	file, size, err := openLog(path)
	if err != nil {
		return Excerpt{}, err
	}
	defer file.Close()
	start, n, err := readRange(size, offset, length)
	if err != nil {
		return Excerpt{}, err
	}
	return newExcerpt(file, path, size, start, n)
}

// TailExcerpt is [Tail] for a text that may be long.
func TailExcerpt(path string, offset, length int64) (e Excerpt, newOffset int64, overflow bool) {
	file, size, err := openLog(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Excerpt{}, 0, false
	}
	if err != nil {
		return Excerpt{}, offset, false
	}
	defer file.Close()
	start, n, overflow := tailRange(size, offset, length)
	if e, err = newExcerpt(file, path, size, start, n); err != nil {
		return Excerpt{}, offset, false
	}
	return e, size, overflow
}

func newExcerpt(file *os.File, path string, size, start, n int64) (Excerpt, error) {
	if n = min(n, size-start); n <= shortExcerpt {
		data, err := readAt(file, size, start, n)
		return Excerpt{text: Text(data)}, err
	}
	info, err := file.Stat()
	return Excerpt{path: path, file: info, offset: start, n: n}, err
}

// Short returns the text if it is in memory.
func (e Excerpt) Short() (text string, ok bool) { return e.text, e.path == "" }

// Pieces calls f with the pieces of the text in order, each of whole characters, until
// f fails, and returns that error. The last piece may be empty. If the file has become
// shorter, the text is what is left; if it was removed, by rotation too, the error is
// [fs.ErrNotExist].
func (e Excerpt) Pieces(f func(piece string, last bool) error) error {
	if e.path == "" {
		return f(e.text, true)
	}
	file, err := e.open()
	if err != nil {
		return err
	}
	defer file.Close()
	in := io.NewSectionReader(file, e.offset, e.n)
	buf := make([]byte, pieceSize)
	for held := 0; ; {
		n, err := io.ReadFull(in, buf[held:])
		isLast := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !isLast {
			return err
		}
		data := buf[:held+n]
		whole := len(data)
		if !isLast {
			whole -= incompleteRune(data)
		}
		if err := f(Text(data[:whole]), isLast); err != nil || isLast {
			return err
		}
		held = copy(buf, data[whole:])
	}
}

// incompleteRune returns how many bytes at the end of data are the beginning of an
// incomplete character.
func incompleteRune(data []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(data); n++ {
		if end := data[len(data)-n:]; utf8.RuneStart(end[0]) {
			if utf8.FullRune(end) {
				return 0
			}
			return n
		}
	}
	return 0
}

// open opens the file, which may have become a backup meanwhile.
func (e Excerpt) open() (*os.File, error) {
	const gap = 8 // rotations under way leave gaps between the backups
	for i, missing := 0, 0; missing < gap; i++ {
		file, _, err := openLog(backup(e.path, i))
		if err != nil {
			missing++
			continue
		}
		missing = 0
		if info, err := file.Stat(); err == nil && os.SameFile(info, e.file) {
			return file, nil
		}
		file.Close()
	}
	return nil, &fs.PathError{Op: "read", Path: e.path, Err: fs.ErrNotExist}
}
