package session

import (
	"context"
	"io"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/ctlconf"
)

// Client is what a session needs of a connection to supervisord. Only one call
// at a time may be under way; streams don't count.
type Client interface {
	// Call calls a method and stores its result in what reply points to, unless
	// reply is nil. A fault is an *xmlrpc.Fault, an HTTP status other than 200 an
	// *xmlrpc.StatusError.
	Call(ctx context.Context, method string, reply any, args ...any) error
	// Stream opens an endless answer, such as a followed log.
	Stream(ctx context.Context, path string) (io.ReadCloser, error)
	// Close closes the connection; the next call opens it again.
	Close() error
}

// Dialer makes a client for the server of the settings. It need not connect.
type Dialer func(ctlconf.Settings) (Client, error)

// DialXMLRPC makes a client that speaks XML-RPC.
func DialXMLRPC(settings ctlconf.Settings) (Client, error) {
	if !strings.HasPrefix(settings.ServerURL, "unix://") && !strings.HasPrefix(settings.ServerURL, "http://") {
		return nil, messageError("Unknown protocol for serverurl " + settings.ServerURL)
	}
	return xmlrpc.NewClient(settings.ServerURL, settings.Username, settings.Password)
}

// connection returns the session's client, a new one after Disconnect.
func (s *Session) connection() (Client, error) {
	if s.client == nil {
		client, err := s.dial(s.settings)
		if err != nil {
			return nil, err
		}
		s.client = client
	}
	return s.client, nil
}

// Disconnect closes the connection. The next call opens a new one, to the server
// that the settings name then.
func (s *Session) Disconnect() {
	if s.client != nil {
		_ = s.client.Close()
		s.client = nil
	}
}

// Dial returns a second client, for a goroutine that calls at the same time as
// the session. The caller closes it.
func (s *Session) Dial() (Client, error) { return s.dial(s.settings) }

// ServerURL returns the address of the server, as configured or typed.
func (s *Session) ServerURL() string { return s.settings.ServerURL }

// Call calls a method of the supervisor namespace. It waits for the answer or for
// the end of ctx.
func (s *Session) Call(ctx context.Context, method string, reply any, args ...any) error {
	client, err := s.connection()
	if err != nil {
		return err
	}
	return client.Call(ctx, "supervisor."+method, reply, args...)
}

// Command calls a method that returns nothing but true.
func (s *Session) Command(ctx context.Context, method string, args ...any) error {
	return s.Call(ctx, method, nil, args...)
}

// Stream opens an endless answer of the server, such as a followed log.
func (s *Session) Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	client, err := s.connection()
	if err != nil {
		return nil, err
	}
	return client.Stream(ctx, path)
}

// notesClient is a client whose answers can carry lines beside the result.
type notesClient interface{ Notes() []string }

// ShowNotes prints the lines that came beside the last result, such as the
// processes that a stop has left running.
func (s *Session) ShowNotes() {
	if n, ok := s.client.(notesClient); ok {
		for _, line := range n.Notes() {
			s.Print(line)
		}
	}
}

// upCheck checks that a server is there and speaks our version of the interface.
func (s *Session) upCheck(ctx context.Context) error {
	var version string
	err := s.Call(ctx, "getVersion", &version)
	switch {
	case HasCode(err, faults.UnknownMethod):
		return errNoNamespace
	case err != nil:
		return err
	case version != api.Version:
		return versionError(version)
	}
	return nil
}
