package ctl

import "supervisor/supervisord/api/faults"

// The exit statuses of supervisorctl. They are modelled on those of LSB init
// scripts, and monitoring depends on them.
const (
	exitGeneric     = 1
	exitUsage       = 2 // bad option or flag, start without a name or of an unknown group
	exitNoNamespace = 3 // the server does not offer the supervisor namespace
	exitRefused     = 4 // nobody listens
	exitVersion     = 5 // the server speaks another version of the interface
	exitNotRunning  = 7 // the process, or a server whose socket file is missing
	exitInterrupted = 130

	// The status action has two meanings of its own.
	exitSomeStopped = 3 // a listed process is at rest
	exitUnknown     = 4 // an unknown name, or a server that cannot be asked
)

// setExit sets the exit status for the outcome of one process. A good outcome
// leaves it alone, and so does the harmless one, a fault that only says that
// there was nothing to do.
func (s *session) setExit(code, ignored faults.Code) {
	switch code {
	case faults.Success, ignored:
	case faults.SpawnError, faults.AbnormalTermination, faults.NotRunning:
		s.exit = exitNotRunning
	default:
		s.exit = exitGeneric
	}
}
