package spawn

import (
	"os"
	"syscall"

	"supervisor/supervisord/spawn/descendants"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/system/accounts"
)

// Spec is everything there is to say of a child before it is born.
type Spec struct {
	Path string   // the file to execute
	Args []string // with argv[0], as the user wrote it
	Env  []string // NAME=value, the whole environment
	Dir  string   // "" for the daemon's own
	// Family are those of Env by which descendants of the child are known from
	// those of others, nil for no Heir.
	Markers []string
	// Scope says who belongs to the child, see Kin. Label tells it apart in the
	// name of a control group, and Address is the variable of Env by which its
	// descendants are known from those of other daemons, "" for none.
	Scope               descendants.Scope
	Label, DaemonMarker string
	// Umask is the child's file mode creation mask, -1 for the daemon's own.
	Umask int
	// Become is the user to run as, nil to stay who the daemon is.
	Become *accounts.Credentials
	// IsBrief tells that the child is run for the daemon, and soon over: it may have
	// some of the last descriptors.
	IsShortLived bool
	// Stdin becomes descriptor 0 when it is set; otherwise a pipe does, which
	// Child.Write writes to.
	Stdin *os.File
	// Files are further descriptors of the child. They stay the caller's, who
	// must not close them before Spawn has returned.
	Files []File
	// ListenPID has LISTEN_PID in the child's environment be its own pid, as the
	// protocol of sd_listen_fds(3) asks. Only the child itself knows that before
	// its program runs, so it is born by way of the first stage.
	ListenPID bool
	// WatchdogPID is the same for WATCHDOG_PID, as sd_watchdog_enabled(3) asks.
	WatchdogPID bool
	// Stdout gets what the child writes. A Stderr of nil sends descriptor 2
	// down the pipe of descriptor 1. Each is called by one goroutine.
	Stdout, Stderr output.Sink
	// Born is told of the child before anything that it says is passed on, nil
	// for nobody.
	OnSpawn func(Child)
}

// File is a descriptor that a child gets beside the standard three.
type File struct {
	FD   int // its number in the child, at least 3
	File Descriptor
}

// Descriptor is something open: an *os.File, or what has a reason not to be one.
type Descriptor interface {
	// Fd returns the number that it has in this process.
	Fd() uintptr
}

// stderr is where descriptor 2 goes. A child may have a pipe for it although
// the Spec has none: it was born under another configuration.
func (s *Spec) stderr() output.Sink {
	if s.Stderr == nil {
		return s.Stdout
	}
	return s.Stderr
}

// Child is a process that was born and whose end is not known yet.
type Child interface {
	// Pid is its process id and the id of its process group.
	Pid() int
	// Signal sends sig to the child, or to its whole process group. It returns
	// syscall.ESRCH when there is nobody any more.
	Signal(sig syscall.Signal, group bool) error
	// Write gives data to the child's stdin. What the pipe does not take at
	// once is queued. It returns syscall.EPIPE when nobody reads any more or
	// stdin is not a pipe.
	Write(data []byte) error
	// Traces is what a later daemon can find the child by. They are zero if
	// nobody asked before it ended.
	Identity() ProcessIdentity
	// Bequeath ends this process's part in the child, between two pieces of its
	// output, and returns what another needs to go on. It blocks for little
	// more than a second at most. Nobody may use the child afterwards.
	HandOver() (HandedOver, error)
	// Exited delivers the child's end once, after all its output.
	Exited() <-chan Exit
	// Heir returns a living process that the child, which has ended with status 0,
	// has left to the daemon, 0 if none is known. It looks at all orphans.
	DaemonisedPID() int
}

// Exit says how a child ended.
type Exit struct {
	Code   int            // exit status, -1 when a signal ended it or when nobody knows
	Signal syscall.Signal // that signal, 0 when nobody knows
	Core   bool           // it left a core dump
	Heir   int            // see Child, 0 if nobody has asked
}

func exitOf(ws syscall.WaitStatus) Exit {
	if ws.Signaled() {
		return Exit{Code: -1, Signal: ws.Signal(), Core: ws.CoreDump()}
	}
	return Exit{Code: ws.ExitStatus()}
}
