package config

import "supervisor/supervisord/config/option"

// Kind is the kind of section that defines a group.
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
	Section   string // that defines it
	Kind      Kind
	Priority  int
	Processes []*Process // in start order

	// Programs are the sections whose processes these are.
	Programs []Program

	// Of event listeners:
	BufferSize    int
	Events        []string
	ResultHandler string
	BinaryEvents  bool // len counts bytes, not characters; data need not be text
	// Of FastCGI programs, as in their processes:
	Socket *FastCGISocket
}

// Program is a section whose processes are in a group.
type Program struct {
	Name     string
	Section  string
	Numprocs int  // of the file, which a Scale does not change
	Numbered bool // process_name has %(process_num)
}

// Numbering is how many processes a section has, and the process_num of the first.
type Numbering struct {
	Numprocs, Start int
}

// Scale gives a program another number of processes than its file does.
type Scale struct {
	Group, Section string
	Numprocs       int // how many there are
	// Surplus is how many of them, those with the highest process_num, exist only
	// until the current operation has ended.
	Surplus int `json:",omitempty"`
	// Of is the numprocs of the file. When the file has another one the scale no
	// longer applies.
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
