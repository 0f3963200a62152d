package notify

import "slices"

// Received is something that a program has told.
type Received struct {
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
	ancestors []int
}

// DescendsFrom tells whether the sender is of the family of a child of ours: itself,
// in the group that it leads, or a descendant. Known tells false for one that had
// ended and taken its origin with it.
func (s *Sender) DescendsFrom(child int) (yes, known bool) {
	return s.PID == child || slices.Contains(s.ancestors, child), len(s.ancestors) > 0 || s.PID == child
}

// HandedOver is what another program in this process needs to go on hearing.
type HandedOver struct {
	Name string
	FD   int
	Path string // of a socket, "" for a pipe
}

// maxPath is how long the path of a socket may be, in bytes.
const maxPath = 107
