package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/python"
)

// client is what a session needs of a connection to supervisord. Only one call
// at a time may be under way; streams don't count.
type client interface {
	// Call calls a method and stores its result in what reply points to, if
	// that is not nil. A fault is an *xmlrpc.Fault, an HTTP status other than
	// 200 an *xmlrpc.StatusError.
	Call(ctx context.Context, method string, reply any, args ...any) error
	// Stream opens an endless answer, such as a followed log.
	Stream(ctx context.Context, path string) (io.ReadCloser, error)
	// Close closes the connection; the next call opens it again.
	Close() error
}

// dialer makes a caller for the server of the settings. It need not connect.
type dialer func(config.Ctl) (client, error)

// connection returns the caller, a new one when the settings have changed.
func (s *session) connection() (client, error) {
	if s.server == nil {
		server, err := s.dial(s.settings)
		if err != nil {
			return nil, err
		}
		s.server = server
	}
	return s.server, nil
}

// dialXMLRPC is the dialer of a real session.
func dialXMLRPC(st config.Ctl) (client, error) {
	if !strings.HasPrefix(st.ServerURL, "unix://") && !strings.HasPrefix(st.ServerURL, "http://") {
		return nil, messageError("Unknown protocol for serverurl " + st.ServerURL)
	}
	return xmlrpc.NewClient(st.ServerURL, st.Username, st.Password)
}

// disconnect makes the next call look at the settings again.
func (s *session) disconnect() {
	if s.server != nil {
		_ = s.server.Close()
		s.server = nil
	}
}

// call calls a method of the supervisor namespace.
func (s *session) call(ctx context.Context, method string, reply any, args ...any) error {
	server, err := s.connection()
	if err != nil {
		return err
	}
	return server.Call(ctx, "supervisor."+method, reply, args...)
}

// command calls a method whose result, always true, says nothing.
func (s *session) command(ctx context.Context, method string, args ...any) error {
	return s.call(ctx, method, nil, args...)
}

// messageError is an error in Supervisor's own words, capital letters and full stops
// included.
type messageError string

func (w messageError) Error() string { return string(w) }

// errNoNamespace is a server that runs without [rpcinterface:supervisor].
const errNoNamespace = messageError("Sorry, supervisord responded but did not recognize the supervisor namespace" +
	" commands that supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor]" +
	" section is enabled in the configuration file (see sample.conf).")

// versionError is a server with this version of the interface, not ours.
type versionError string

func (e versionError) Error() string {
	return fmt.Sprintf("Sorry, this version of supervisorctl expects to talk to a server"+
		" with API version %s, but the remote version is %s.", api.Version, string(e))
}

// upCheck finds out whether a server is there that understands us.
func (s *session) upCheck(ctx context.Context) error {
	var version string
	err := s.call(ctx, "getVersion", &version)
	switch {
	case hasCode(err, faults.UnknownMethod):
		return errNoNamespace
	case err != nil:
		return err
	case version != api.Version:
		return versionError(version)
	}
	return nil
}

// hasCode tells whether an error is the given fault.
func hasCode(err error, code faults.Code) bool {
	fault, ok := errors.AsType[*xmlrpc.Fault](err)
	return ok && fault.Code == code
}

// faultText is what the server says of a fault, "" for any other error.
func faultText(err error) string {
	if fault, ok := errors.AsType[*xmlrpc.Fault](err); ok {
		return fault.Text
	}
	return ""
}

// unauthorized is the HTTP status that asks for credentials. Importing net/http
// for it would cost every run more time than the call takes.
const unauthorized = 401

func isUnauthorized(err error) bool {
	status, ok := errors.AsType[*xmlrpc.StatusError](err)
	return ok && status.Code == unauthorized
}

// report is where errors become messages and exit statuses.
func (s *session) report(err error, a *action) {
	message, exit := s.diagnose(err)
	if exit != exitGeneric && a.downExit != 0 {
		exit = a.downExit
	}
	s.print(message)
	s.exit = exit
}

func (s *session) diagnose(err error) (message string, exit int) {
	if mismatch, ok := errors.AsType[versionError](err); ok {
		return mismatch.Error(), exitVersion
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return s.settings.ServerURL + " refused connection", exitRefused
	case errors.Is(err, syscall.ENOENT):
		return s.settings.ServerURL + " no such file", exitNotRunning
	case errors.Is(err, errNoNamespace):
		return err.Error(), exitNoNamespace
	case isUnauthorized(err):
		return "Server requires authentication", exitGeneric
	}
	return "error: " + s.describe(err), exitGeneric
}

// describe words an error that no action has words for. Faults and HTTP errors
// keep the form that Supervisor gives them, since that is what people look for.
func (s *session) describe(err error) string {
	if fault, ok := errors.AsType[*xmlrpc.Fault](err); ok {
		return fmt.Sprintf("<Fault %d: %s>", int(fault.Code), python.Repr(fault.Text))
	}
	if status, ok := errors.AsType[*xmlrpc.StatusError](err); ok {
		return fmt.Sprintf("<ProtocolError for %s/RPC2: %s>", s.settings.ServerURL, status)
	}
	return err.Error()
}
