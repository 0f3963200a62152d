package session

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/python"
)

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

// messageError is an error in Supervisor's own words, capital letters and full
// stops included.
type messageError string

func (e messageError) Error() string { return string(e) }

// errNoNamespace is a server that runs without [rpcinterface:supervisor].
const errNoNamespace = messageError("Sorry, supervisord responded but did not recognize the supervisor namespace" +
	" commands that supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor]" +
	" section is enabled in the configuration file (see sample.conf).")

// versionError is the version of the interface that the server speaks instead of
// ours.
type versionError string

func (e versionError) Error() string {
	return fmt.Sprintf("Sorry, this version of supervisorctl expects to talk to a server"+
		" with API version %s, but the remote version is %s.", api.Version, string(e))
}

// NotSupported is the text for a method that the server does not have.
const NotSupported = "not supported by this supervisord"

// HasCode reports whether an error is the given fault.
func HasCode(err error, code faults.Code) bool {
	fault, ok := errors.AsType[*xmlrpc.Fault](err)
	return ok && fault.Code == code
}

// FaultDetail returns the text of a fault without the name of its code, "" for
// any other error.
func FaultDetail(err error) string {
	fault, ok := errors.AsType[*xmlrpc.Fault](err)
	if !ok {
		return ""
	}
	return strings.TrimPrefix(fault.Text, fault.Code.String()+": ")
}

// unauthorized is the HTTP status that asks for credentials. Importing net/http
// for it would cost every run more time than the call takes.
const unauthorized = 401

func isUnauthorized(err error) bool {
	status, ok := errors.AsType[*xmlrpc.StatusError](err)
	return ok && status.Code == unauthorized
}

// report prints an error that an action had no words for, and sets the exit
// status.
func (s *Session) report(err error, a *Action) {
	message, exit := s.diagnose(err)
	if exit != ExitGeneric && a.DownExit != 0 {
		exit = a.DownExit
	}
	s.Print(message)
	s.exit = exit
	if s.terminal {
		for _, line := range s.advice(err) {
			s.Print(line)
		}
	}
}

// advice returns what a person can do about an error of the connection.
func (s *Session) advice(err error) []string {
	file := s.settings.Path
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		if file == "" {
			return []string{"No supervisord listens there, and there is no configuration file that names another server.", "Start one with: supervisord -c FILE"}
		}
		return []string{"No supervisord listens there. The server is that of " + file + ".", "Start it with: supervisord -c " + file}
	case errors.Is(err, syscall.EACCES):
		return []string{s.socketOwner()}
	case isUnauthorized(err):
		return []string{"Give a user and a password: -u USER -p PASSWORD, or username= and password= in [supervisorctl] of " + file + "."}
	}
	if dns, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && dns.Timeout() {
		return []string{"The server did not answer in time: is " + s.settings.ServerURL + " the right address?"}
	}
	return nil
}

// socketOwner says who may use the socket that refuses us.
func (s *Session) socketOwner() string {
	path := strings.TrimPrefix(s.settings.ServerURL, "unix://")
	info, err := os.Stat(path)
	if err != nil {
		return "You may not enter the directory of " + path + ": try as the user that runs supervisord, or with sudo."
	}
	return fmt.Sprintf("%s may be used by %s (%s): try as that user, or with sudo; chmod= and chown= of [unix_http_server] change it.",
		path, ownerOf(info), info.Mode().Perm())
}

// ownerOf returns the user and the group of a file by number: to look up their names
// would need to read more than a connection takes.
func ownerOf(info os.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return "its owner"
	case st.Uid == 0:
		return "root"
	}
	return fmt.Sprintf("user %d and group %d", st.Uid, st.Gid)
}

func (s *Session) diagnose(err error) (message string, exit int) {
	if mismatch, ok := errors.AsType[versionError](err); ok {
		return mismatch.Error(), exitVersion
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return s.settings.ServerURL + " refused connection", exitRefused
	case errors.Is(err, syscall.ENOENT):
		return s.settings.ServerURL + " no such file", ExitNotRunning
	case errors.Is(err, errNoNamespace):
		return err.Error(), exitNoNamespace
	case isUnauthorized(err):
		return "Server requires authentication", ExitGeneric
	}
	return "error: " + s.Describe(err), ExitGeneric
}

// Describe words an error that has no words of its own. Faults and HTTP errors
// keep the form that Supervisor gives them, since people search for it.
func (s *Session) Describe(err error) string {
	if fault, ok := errors.AsType[*xmlrpc.Fault](err); ok {
		return fmt.Sprintf("<Fault %d: %s>", int(fault.Code), python.Repr(fault.Text))
	}
	if status, ok := errors.AsType[*xmlrpc.StatusError](err); ok {
		return fmt.Sprintf("<ProtocolError for %s/RPC2: %s>", s.settings.ServerURL, status)
	}
	return err.Error()
}
