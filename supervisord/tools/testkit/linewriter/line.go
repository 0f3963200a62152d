package linewriter

import (
	"fmt"
	"strconv"
	"strings"
)

// Line is line number n, from 0, on stdout (0) or stderr (1). It is padded by less than
// width bytes, and ends with a newline.
func Line(id ID, stream int, n, width int64) string {
	var line strings.Builder
	fmt.Fprintf(&line, "%s %d %d ", id, stream, n)
	if width > 0 {
		for i := range (n*7919 + int64(stream)) % width {
			line.WriteByte(byte('a' + (n+i)%26))
		}
	}
	line.WriteByte('\n')
	return line.String()
}

// ParseLine reads the number of a line from its beginning. The rest may be anything.
func ParseLine(line string) (id ID, stream int, n int64, ok bool) {
	words := strings.SplitN(line, " ", 4)
	if len(words) < 4 {
		return ID{}, 0, 0, false
	}
	id, ok = ParseID(words[0])
	n, err := strconv.ParseInt(words[2], 10, 64)
	return id, int(words[1][0] - '0'), n, ok && err == nil && (words[1] == "0" || words[1] == "1")
}
