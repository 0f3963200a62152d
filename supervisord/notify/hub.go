package notify

import (
	"errors"
	"os"
)

// Heard is something that a program has told.
type Heard struct {
	Name    string // of the socket or the pipe
	Message        // of a socket; of a pipe, Ready alone
	From    Sender
	// Closed tells that everybody has closed a pipe without a newline.
	Closed bool
}

// Sender is who has sent a datagram, as the kernel says. It is zero for pipes.
type Sender struct{ PID, UID int }

// Bequest is what another program in this process needs to go on hearing.
type Bequest struct {
	Name string
	FD   int
	Path string // of a socket, "" for a pipe
}

// maxPath is how long the path of a socket may be, in bytes.
const maxPath = 107

var errUnsupported = errors.New("programs can't notify supervisord on this system")

// closeFile closes what may be nil.
func closeFile(f *os.File) {
	if f != nil {
		f.Close()
	}
}
