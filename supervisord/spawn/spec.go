package spawn

import (
	"os"
	"syscall"

	"supervisor/supervisord/spawn/descendants"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/system/accounts"
)

// Spec describes a child that is to be spawned.
type Spec struct {
	Path string   // the file to execute
	Args []string // with argv[0], as the user wrote it
	Env  []string // NAME=value, the whole environment
	Dir  string   // "" for the daemon's own
	// Markers are the entries of Env that tell descendants of the child apart from those
	// of other children. Without them DaemonisedPID finds nothing.
	Markers []string
	// Scope says which processes belong to the child, see descendants.Scope. Label is a
	// part of the name of its control group. DaemonMarker is the entry of Env that tells
	// its descendants apart from those of other daemons, "" for none.
	Scope               descendants.Scope
	Label, DaemonMarker string
	// Umask is the child's file mode creation mask, -1 for the daemon's own.
	Umask int
	// Become is the user to run as, nil for the daemon's own.
	Become *accounts.Credentials
	// IsShortLived says that the child runs for the daemon and only for a short time. It
	// may use some of the reserved descriptors.
	IsShortLived bool
	// Stdin becomes descriptor 0. If it is nil a pipe does, to which Child.Write writes.
	Stdin *os.File
	// Files are further descriptors of the child. They belong to the caller, who must not
	// close them before Spawn has returned.
	Files []File
	// ListenPID sets LISTEN_PID in the child's environment to its own pid, as the
	// protocol of sd_listen_fds(3) requires. Before the program runs only the child itself
	// knows its pid, so the executor sets it.
	ListenPID bool
	// WatchdogPID does the same for WATCHDOG_PID, as sd_watchdog_enabled(3) requires.
	WatchdogPID bool
	// Stdout gets what the child writes. If Stderr is nil, descriptor 2 shares the pipe of
	// descriptor 1. Each is called from one goroutine.
	Stdout, Stderr output.Sink
	// OnSpawn is called before any output of the child is passed on, nil for no call.
	OnSpawn func(Child)
}

// File is a descriptor that a child gets besides the standard three.
type File struct {
	FD   int // its number in the child, at least 3
	File Descriptor
}

// Descriptor is an open file, an *os.File or another type with its method.
type Descriptor interface {
	// Fd returns the number of the descriptor in this process.
	Fd() uintptr
}

// stderr returns where descriptor 2 goes. A child may have a pipe for it although the Spec
// has none: the configuration may have changed since the child was spawned.
func (s *Spec) stderr() output.Sink {
	if s.Stderr == nil {
		return s.Stdout
	}
	return s.Stderr
}

// Child is a process that was spawned and has not been reported as exited.
type Child interface {
	// Pid returns the process id, which is also the id of the process group.
	Pid() int
	// Signal sends sig to the child, or with group to its whole process group. It
	// returns syscall.ESRCH once the child has been reaped.
	Signal(sig syscall.Signal, group bool) error
	// Write writes data to the child's stdin. What the pipe does not take at once is
	// queued. It returns syscall.EPIPE if the read end is closed or stdin is not a pipe.
	Write(data []byte) error
	// Identity returns by what a later daemon can find the child. It is zero if it was
	// not called before the child was reaped.
	Identity() ProcessIdentity
	// HandOver stops serving the child, between two pieces of its output, and returns
	// what another program in this process needs to go on, and the daemon's ends of the
	// child's stdin, stdout and stderr, -1 for none. It blocks for little more than a
	// second at most. The child must not be used afterwards.
	HandOver() (state ChildState, fds [3]int, err error)
	// Exited delivers the exit once, after all output.
	Exited() <-chan Exit
	// DaemonisedPID returns a living process that the child, which has exited with
	// status 0, has left to this process, 0 if none is known. It looks at all orphans.
	DaemonisedPID() int
}
