package config

import (
	"time"

	"supervisor/supervisord/config/option"
)

// Config is everything that a configuration file says, with defaults applied.
type Config struct {
	Path          string // the main file, absolute
	Supervisord   Supervisord
	Servers       []Server       // inet first, then unix, in file order within a kind
	RPCInterfaces []RPCInterface // in file order
	// Groups are ordered by priority, then name. Of two groups with one name
	// the first one counts.
	Groups []*Group
	// Sockets are those of [socket:x], in file order.
	Sockets []*ListenSocket

	// Criticals, Warnings and Infos are written to the main log once it is open, in
	// this order.
	Criticals, Warnings, Infos []string
	// ExtensionWarnings are warnings about extensions, for the same log.
	ExtensionWarnings []string
}

// Supervisord holds the options of [supervisord]. Values of the command line
// replace those of the file.
type Supervisord struct {
	MinFDs, MinProcs int
	Directory        string // chdir target when daemonizing, "" for none
	User             string // as written, "" for none
	UID              *int   // of User, nil for none
	Umask            int
	Logfile          string // absolute; "syslog" for syslog
	LogfileMaxBytes  int64
	LogfileBackups   int
	LogLevel         option.LogLevel
	Pidfile          string // absolute
	PidfileSet       bool   // it was configured
	StateFile        string // absolute, "" for none
	StateFileSet     bool   // it was configured
	Orphans          OrphanPolicy
	Identifier       string
	NoDaemon         bool
	Silent           bool
	ChildLogDir      string // directory of AUTO log files
	NoCleanup        bool
	StripANSI        bool
	Environment      Environment // [supervisord] environment=, in order
	ServerURL        string      // SUPERVISOR_SERVER_URL of the children, "" for none
	Subreaper        AutoBool    // adopt orphans of the children

	ExitOn            ExitOn     // of any program
	ExitStatus        ExitStatus // after an exit that a program has caused
	ShutdownTimeout   time.Duration
	ShutdownParallel  bool
	UpdateGranularity Granularity
	Strict            bool // warnings about the configuration are errors
}

// ExitStatus is the status with which supervisord exits after a program has caused
// its exit.
type ExitStatus struct {
	Of    ExitStatusOf
	Fixed int // of StatusFixed
}

// ExitStatusOf says whose exit status that is.
type ExitStatusOf int

// The values of exit_code=.
const (
	StatusFixed          ExitStatusOf = iota
	StatusOfFirst                     // of the first program whose exit matches exit_on or essential
	StatusOfFirstFailure              // of the first one that failed, 0 if none has
	StatusOfLast                      // of the last one
)

// Granularity says what an update restarts.
type Granularity int

// The values of update_granularity=.
const (
	ByGroup   Granularity = iota // all processes of a changed group
	ByProcess                    // only the processes that the change affects
)

// AutoBool is a boolean that the daemon may decide.
type AutoBool int

// The values of an AutoBool.
const (
	Auto AutoBool = iota // the daemon decides
	Yes
	No
)

// OrphanPolicy says what to do with programs that survived a crash of the daemon.
type OrphanPolicy int

// The policies.
const (
	AdoptOrphans OrphanPolicy = iota
	KillOrphans               // and start them again
	LeaveOrphans              // leave them alone, as Supervisor does
)

// String returns the word in the configuration.
func (p OrphanPolicy) String() string { return [...]string{"adopt", "kill", "leave"}[p] }

// Environment is an ordered set of variables.
type Environment []Variable

// Variable is one NAME=value.
type Variable struct{ Name, Value string }
