package notify

import "slices"

// Received is a notification of a program.
type Received struct {
	Name    string  // of the socket or the pipe
	Message         // of a socket; of a pipe only Ready
	From    *Sender // nil for a pipe
	// Closed says that all writers have closed a pipe without a newline.
	Closed bool
}

// Sender is the process that has sent a datagram, according to the kernel.
type Sender struct {
	PID, UID int
	// ancestors are the pids and the process groups of the sender and its ancestors, up to
	// this process. It is empty if the sender had already exited.
	ancestors []int
}

// DescendsFrom reports whether the sender is a child of the daemon, is in the process group
// that the child leads, or descends from it. Known is false if the sender had already exited:
// the kernel does not say who its ancestors were.
func (s *Sender) DescendsFrom(child int) (yes, known bool) {
	return s.PID == child || slices.Contains(s.ancestors, child), len(s.ancestors) > 0 || s.PID == child
}

// State is a socket or a pipe that another program in this process goes on with.
type State struct {
	Name string
	Path string `json:",omitempty"` // of a socket, "" for a pipe
}

// Key is the key of its descriptor.
func (s State) Key() string { return "notify/" + s.Name }

// maxPath is how many bytes the path of a socket may have.
const maxPath = 107
