package config

import (
	"slices"
	"syscall"
)

// Autorestart says what to do when a process leaves RUNNING on its own.
type Autorestart int

// The values of autorestart=.
const (
	RestartNever Autorestart = iota
	RestartAlways
	RestartUnexpected // when the exit status is not in exitcodes
)

// Process is one process of a program, with everything that is needed to spawn it.
type Process struct {
	Name     string
	Group    string
	Program  string // name of its section
	Section  string
	Num      int // process_num
	Kind     Kind
	Priority int

	Command     string // split when it is spawned
	Directory   string // "" for the daemon's own
	Umask       int    // -1 for the daemon's own
	UID         *int   // nil for the daemon's own user
	User        string // user= as written
	Environment Environment
	ServerURL   string // "" for the computed one

	Autostart bool
	// AutostartByPlugin: autostart is false in the file, and the options of the
	// plug-in supervisord-dependent-startup ask for a start.
	AutostartByPlugin bool
	Autorestart       Autorestart
	StartSecs         int
	StartRetries      int
	ExitCodes         []int

	StopSignal   syscall.Signal
	StopWaitSecs int
	StopAsGroup  bool
	KillAsGroup  bool

	RedirectStderr bool
	Stdout, Stderr Log

	// Socket is the one of its [fcgi-program:x]. The group has the same one
	// unless it is a [group:x], in which several sockets can come together.
	Socket *FastCGISocket

	// Policy holds the extensions.
	Policy

	// Empty lists options that are set to an empty text. That means the same as
	// not to set them; only the JSON output distinguishes the two.
	Empty []string
}

// Log is where one output stream of a process goes.
type Log struct {
	File            string // "" for none; meaningless with Auto
	Auto            bool   // a generated file in childlogdir
	MaxBytes        int64  // rotation size, 0 for never
	Backups         int
	CaptureMaxBytes int64 // 0 switches capture mode off
	Events          bool  // emit PROCESS_LOG events
	Syslog          bool
}

// Expected reports whether an exit status is one of exitcodes.
func (p *Process) Expected(status int) bool {
	for _, c := range p.ExitCodes {
		if c == status {
			return true
		}
	}
	return false
}

// IsEmpty reports whether an option is set to an empty text.
func (p *Process) IsEmpty(name string) bool { return slices.Contains(p.Empty, name) }
