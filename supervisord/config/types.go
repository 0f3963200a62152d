package config

import (
	"syscall"
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

	// Criticals, Warnings and Infos are for the main log once it is open, in
	// this order.
	Criticals, Warnings, Infos []string
	// Advice are warnings of what Supervisor does not know, for the same.
	ExtensionWarnings []string
}

// Supervisord holds the options of [supervisord], the command line's values
// over those of the file.
type Supervisord struct {
	MinFDs, MinProcs int
	Directory        string // chdir target when daemonizing, "" for none
	User             string // as written, "" for none
	UID              *int   // of User, nil for none
	Umask            int
	Logfile          string // absolute; "syslog" for syslog
	LogfileMaxBytes  int64
	LogfileBackups   int
	LogLevel         LogLevel
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
	ExitStatus        ExitStatus // after an end that a program brought about
	ShutdownTimeout   time.Duration
	ShutdownParallel  bool
	UpdateGranularity Granularity
	Strict            bool // there are no warnings about the configuration: they are errors
}

// ExitStatus is what supervisord exits with when a program has ended it.
type ExitStatus struct {
	Of    ExitStatusOf
	Fixed int // of StatusFixed
}

// ExitStatusOf says whose status that is.
type ExitStatusOf int

// The values of exit_code=.
const (
	StatusFixed          ExitStatusOf = iota
	StatusOfFirst                     // of the program that ended first in the way that was asked for
	StatusOfFirstFailure              // of the first one that failed, 0 if none has
	StatusOfLast                      // of the one that ended last
)

// Granularity says what an update restarts.
type Granularity int

// The values of update_granularity=.
const (
	ByGroup   Granularity = iota // all of a group in which something has changed
	ByProcess                    // the processes to which it matters
)

// AutoBool is a boolean that may be left to the daemon.
type AutoBool int

// The values of a Choice.
const (
	Auto AutoBool = iota // as the system allows
	Yes
	No
)

// OrphanPolicy says what becomes of programs that have survived a crash of the
// daemon.
type OrphanPolicy int

// The policies.
const (
	AdoptOrphans OrphanPolicy = iota
	KillOrphans               // and start them anew
	LeaveOrphans              // as Supervisor does
)

// String returns the word in the configuration.
func (p OrphanPolicy) String() string { return [...]string{"adopt", "kill", "leave"}[p] }

// LogLevel is one of Supervisor's levels: critical 50, error 40, warn 30,
// info 20, debug 10, trace 5, blather 3.
type LogLevel int

// Environment is an ordered set of variables.
type Environment []Variable

// Variable is one NAME=value.
type Variable struct{ Name, Value string }

// Server is one [unix_http_server] or [inet_http_server].
type Server struct {
	Section  string // the whole section name
	Family   string // "unix" or "tcp"
	Path     string // unix: absolute
	Mode     uint32 // unix: chmod=
	UID, GID int    // unix: chown=, -1 to leave as it is
	Host     string // tcp: "" for all interfaces
	Port     int    // tcp
	Username string // "" for no authentication
	Password string // clear, {SHA} and 40 lower-case hex digits, or {bcrypt} and a hash

	GetActions bool // tcp: the web pages carry out actions by GET too
	// AllowedHosts are host names, in lower case, for which a tcp server without
	// credentials answers besides those of the machine: "*" for any, "*.x" for
	// those below x.
	AllowedHosts []string

	Credentials bool   // username= and password= are set, empty or not
	Owner       string // chown= as written
}

// RPCInterface is one [rpcinterface:x].
type RPCInterface struct {
	Name    string // the namespace
	Section string
	Factory string            // module:callable, as written
	Options map[string]string // further keys, expanded
	BuiltIn bool              // Factory is Supervisor's own
	// Twiddler tells that Factory is supervisor_twiddler's, whose methods are
	// offered too, and Whitelist, which of them: all if it is empty.
	Twiddler  bool
	Whitelist []string
}

// Kind says which kind of section a group came from.
type Kind int

// The kinds of groups.
const (
	ProgramGroup  Kind = iota // [program:x] or [group:x]
	EventListener             // [eventlistener:x]
	FastCGI                   // [fcgi-program:x]
)

// Section returns the kind of section in which the processes of a group are
// defined.
func (k Kind) Section() option.Sections {
	return [...]option.Sections{ProgramGroup: option.InProgram, EventListener: option.InEventListener, FastCGI: option.InFastCGI}[k]
}

// Group is a set of processes that belong together.
type Group struct {
	Name      string
	Section   string // where it was defined
	Kind      Kind
	Priority  int
	Processes []*Process // in start order

	// Programs are those whose processes these are, as the file has them.
	Programs []Program

	// Of event listeners:
	BufferSize    int
	Events        []string
	ResultHandler string
	BinaryEvents  bool // len counts bytes, not characters; data need not be text
	// Of FastCGI programs; the processes have it too:
	Socket *FastCGISocket
}

// Program is a section whose processes are in a group.
type Program struct {
	Name     string
	Section  string
	Numprocs int  // as the file says, whatever a Scale makes of it
	Numbered bool // process_name has %(process_num)
}

// Numbering is how many processes a section has, and the process_num of the first.
type Numbering struct {
	Numprocs, Start int
}

// Scale has a program have another number of processes than its file says.
type Scale struct {
	Group, Section string
	Numprocs       int // how many there are
	// Surplus is how many of them, those with the highest process_num, are only
	// there until an operation that is under way has ended.
	Surplus int `json:",omitempty"`
	// Of is the numprocs of the file. When that has become another one the scale
	// does not hold any more.
	Of int
}

// DefaultSocketMode is for the owner alone.
const DefaultSocketMode = 0o700

// FastCGISocket is the listening socket of a [fcgi-program:x].
type FastCGISocket struct {
	URL      string
	Family   string // "unix" or "tcp"
	Path     string // unix
	Mode     uint32 // unix: socket_mode=
	UID, GID int    // unix: socket_owner=, -1 to leave as it is
	Host     string // tcp
	Port     int    // tcp
	Backlog  int    // 0 for the system's maximum

	Owner string // socket_owner= as written
}

// Autorestart says what to do when a process leaves RUNNING on its own.
type Autorestart int

// The values of autorestart=.
const (
	RestartNever Autorestart = iota
	RestartAlways
	RestartUnexpected // when the exit status is not in exitcodes
)

// Process is one process of a program, with everything it needs to be born.
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

	// Policy is what Supervisor doesn't know.
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

// Expected tells whether an exit status is one of exitcodes.
func (p *Process) Expected(status int) bool {
	for _, c := range p.ExitCodes {
		if c == status {
			return true
		}
	}
	return false
}
