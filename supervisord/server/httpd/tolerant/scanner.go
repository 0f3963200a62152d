package tolerant

// HeadScanner finds the end of a request head: the first empty line after a line
// that is not empty. The zero value is at the beginning of a head.
type HeadScanner struct {
	started    bool // a byte other than a line end was seen
	found      bool
	size       int  // bytes scanned
	lineLength int  // length of the current line so far
	first      byte // first byte of the current line
}

// Scan returns how many bytes of data belong to the head. That is all of them until
// the end has been found.
func (h *HeadScanner) Scan(data []byte) int {
	for i, b := range data {
		if h.found {
			return i
		}
		h.size++
		switch {
		case b == '\n':
			h.found = h.started && (h.lineLength == 0 || h.lineLength == 1 && h.first == '\r')
			h.lineLength = 0
		default:
			if h.lineLength == 0 {
				h.first = b
			}
			h.started = h.started || b != '\r'
			h.lineLength++
		}
	}
	return len(data)
}

// Found reports whether the head is complete.
func (h *HeadScanner) Found() bool { return h.found }

// Size returns how many bytes have been scanned: the size of the head once it is
// complete.
func (h *HeadScanner) Size() int { return h.size }
