package scribe

import (
	"fmt"
	"strconv"
	"strings"
)

// Line is the line of that number, from 0, on stdout (0) or stderr (1), of a
// scribe whose lines are up to width bytes longer than they need be. It ends
// with a newline.
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

// ParseLine tells which line this is, as far as its beginning tells.
func ParseLine(line string) (id ID, stream int, n int64, ok bool) {
	words := strings.SplitN(line, " ", 4)
	if len(words) < 4 {
		return ID{}, 0, 0, false
	}
	id, ok = ParseID(words[0])
	n, err := strconv.ParseInt(words[2], 10, 64)
	return id, int(words[1][0] - '0'), n, ok && err == nil && (words[1] == "0" || words[1] == "1")
}
