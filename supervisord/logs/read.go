package logs

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"syscall"
	"unicode/utf8"

	"supervisor/supervisord/config/python"
	"supervisor/supervisord/system/safeopen"
)

// ErrBadArguments is the error for an offset and a length that contradict each other.
var ErrBadArguments = errors.New("bad arguments")

// Read returns part of a log file, as readLog of the XML-RPC interface does:
// length bytes from offset; with length 0 all from offset to the end; and with
// a negative offset and length 0 the last -offset bytes. An offset beyond the
// end gives nothing.
//
// Errors are [fs.ErrNotExist] without such a file, [ErrBadArguments] for other
// negative arguments, and anything else if it cannot be read. The result takes
// as much memory as there is to read.
func Read(path string, offset, length int64) ([]byte, error) {
	file, size, err := openLog(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	start, n, err := readRange(size, offset, length)
	if err != nil {
		return nil, err
	}
	return readAt(file, size, start, n)
}

// readRange returns which bytes of a file Read returns.
func readRange(size, offset, length int64) (start, n int64, err error) {
	if length < 0 || offset < 0 && length != 0 {
		return 0, 0, ErrBadArguments
	}
	if offset < 0 {
		offset = max(0, size+offset)
	}
	if length == 0 {
		length = math.MaxInt64
	}
	return offset, length, nil
}

// Tail returns the end of a log file, as tailProcessStdoutLog of the XML-RPC
// interface does: the bytes from offset on, at most length; the size of the
// file, from where to go on; and whether there was more after offset than
// length.
//
// The result is peculiar if offset is not what an earlier call returned, and
// clients depend on it. After an overflow, and also when offset+length reaches
// beyond the end of the file, it is the last length bytes, whatever offset
// says. Without such a file all results are zero, and if it cannot be read
// offset is returned as it was.
func Tail(path string, offset, length int64) (data []byte, newOffset int64, overflow bool) {
	file, size, err := openLog(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, false
	}
	if err != nil {
		return nil, offset, false
	}
	defer file.Close()
	start, n, overflow := tailRange(size, offset, length)
	data, err = readAt(file, size, start, n)
	if err != nil {
		return nil, offset, false
	}
	return data, size, overflow
}

// tailRange returns which bytes of a file Tail shows.
func tailRange(size, offset, length int64) (start, n int64, overflow bool) {
	end := saturatingAdd(offset, length)
	if size > end {
		overflow = true
		offset = size - 1
		end = saturatingAdd(offset, length)
	}
	if end > size {
		if offset > size-1 {
			length = 0
		}
		offset = size - length
	}
	return max(0, offset), max(0, length), overflow
}

// saturatingAdd adds without overflow. Clients may send any offset and length; the
// largest sum is still beyond the end of every file.
func saturatingAdd(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

// readAt returns up to n bytes from offset.
func readAt(file *os.File, size, offset, n int64) ([]byte, error) {
	n = min(n, size-offset)
	if n <= 0 {
		return nil, nil
	}
	data := make([]byte, n)
	got, err := file.ReadAt(data, offset)
	if err == io.EOF {
		err = nil // truncated meanwhile
	}
	return data[:got], err
}

// openLog opens a log for reading and returns its size. It never blocks. Pipes and
// terminals are refused, because reading would consume their data; devices such as
// /dev/null are empty.
func openLog(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if m := info.Mode(); !m.IsRegular() && m&fs.ModeCharDevice == 0 {
		return nil, 0, &fs.PathError{Op: "read", Path: path, Err: syscall.ESPIPE}
	}
	file, err := safeopen.Open(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, 0, err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, size, nil
}

// Text returns a log's bytes as text: each byte that is not part of valid UTF-8
// becomes U+FFFD.
func Text(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	return string([]rune(string(data)))
}

// DebugText returns a program's output as the main log shows it at debug level.
// Output that is not UTF-8 as a whole is shown as Python shows bytes.
func DebugText(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	return "Undecodable: " + python.ReprBytes(data)
}
