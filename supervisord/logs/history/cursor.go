package history

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Cursor is a place in a log. The zero value is the beginning of the oldest file.
type Cursor struct {
	File   Identity
	Offset int64 // bytes
}

// Identity tells one file from all others, also from a later one with the same inode.
type Identity struct {
	Inode uint64
	Birth int64 // when the file was created, nanoseconds since the epoch; 0 if unknown
}

// String returns the text form of a cursor, which clients keep and send back.
func (c Cursor) String() string {
	return fmt.Sprintf("%x-%x-%d", c.File.Inode, c.File.Birth, c.Offset)
}

// ParseCursor parses the text form. The empty text is the zero cursor.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	fields := strings.Split(text, "-")
	if len(fields) != 3 {
		return Cursor{}, fmt.Errorf("bad cursor %q", text)
	}
	inode, err1 := strconv.ParseUint(fields[0], 16, 64)
	birth, err2 := strconv.ParseInt(fields[1], 16, 64)
	offset, err3 := strconv.ParseInt(fields[2], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || birth < 0 || offset < 0 {
		return Cursor{}, fmt.Errorf("bad cursor %q", text)
	}
	return Cursor{Identity{inode, birth}, offset}, nil
}

// identify returns the identity of an open file.
func identify(file *os.File) (Identity, error) {
	info, err := file.Stat()
	if err != nil {
		return Identity{}, err
	}
	return Identity{Inode: inodeOf(info), Birth: birthOf(file)}, nil
}
