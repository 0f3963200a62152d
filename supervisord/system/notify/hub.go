package notify

import (
	"os"
	"slices"
)

// Heard is something that a program has told.
type Heard struct {
	Name    string  // of the socket or the pipe
	Message         // of a socket; of a pipe, Ready alone
	From    *Sender // nil for a pipe
	// Closed tells that everybody has closed a pipe without a newline.
	Closed bool
}

// Sender is who has sent a datagram, as the kernel says.
type Sender struct {
	PID, UID int
	// family are the pids and the groups of the sender and its ancestors, up to
	// this process. It is empty if it had ended before anybody could look.
	family []int
}

// Descends tells whether the sender is of the family of a child of ours: itself,
// in the group that it leads, or a descendant. Known tells false for one that had
// ended and taken its origin with it.
func (s *Sender) Descends(child int) (yes, known bool) {
	return s.PID == child || slices.Contains(s.family, child), len(s.family) > 0 || s.PID == child
}

// Bequest is what another program in this process needs to go on hearing.
type Bequest struct {
	Name string
	FD   int
	Path string // of a socket, "" for a pipe
}

// maxPath is how long the path of a socket may be, in bytes.
const maxPath = 107

// closeFile closes what may be nil.
func closeFile(f *os.File) {
	if f != nil {
		f.Close()
	}
}
