package session

// The exit statuses of supervisorctl. They follow those of LSB init scripts, and
// monitoring depends on them.
const (
	ExitGeneric     = 1
	ExitUsage       = 2 // bad option or flag, start without a name or of an unknown group
	exitNoNamespace = 3 // the server does not offer the supervisor namespace
	exitRefused     = 4 // the connection was refused
	exitVersion     = 5 // the server speaks another version of the interface
	ExitNotRunning  = 7 // the process does not run, or the socket file of the server is missing
	exitInterrupted = 130

	// The action status has two meanings of its own.
	ExitSomeStopped = 3 // a listed process is not running
	ExitUnknown     = 4 // an unknown name, or a server that can't be asked
)
