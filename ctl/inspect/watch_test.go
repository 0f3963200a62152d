package inspect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/ctlconf"
)

// watchedServer is a server with one process, whose events the test sends.
type watchedServer struct {
	state   string
	asked   int
	streams chan *io.PipeWriter // of each client that subscribes
}

func (f *watchedServer) Call(_ context.Context, method string, reply any, _ ...any) error {
	if method != "supervisor.getAllProcessInfo" {
		return &xmlrpc.Fault{Code: faults.UnknownMethod, Text: "UNKNOWN_METHOD"}
	}
	f.asked++
	*reply.(*[]api.ProcessInfo) = []api.ProcessInfo{{Group: "web", Name: "web", StateName: f.state, Description: "x"}}
	return nil
}

func (f *watchedServer) Stream(_ context.Context, path string) (io.ReadCloser, error) {
	if path != "/events?types=PROCESS_STATE%2CPROCESS_GROUP" {
		return nil, errors.New(path)
	}
	r, w := io.Pipe()
	f.streams <- w
	return r, nil
}

func (f *watchedServer) Close() error { return nil }

func TestWatchStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &watchedServer{state: "STARTING", streams: make(chan *io.PipeWriter, 1)}
		var out bytes.Buffer
		s := session.New(session.Options{
			Settings: ctlconf.Settings{ServerURL: "unix:///s.sock"}, Out: &out, ErrOut: io.Discard,
			IsOption: func(string) bool { return false },
			Dial:     func(ctlconf.Settings) (session.Client, error) { return server, nil },
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- watchStatus(ctx, s, action.Arguments{}) }()
		shown := func(want ...string) {
			t.Helper()
			time.Sleep(time.Second)
			synctest.Wait()
			if got := strings.Fields(out.String()); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("shown %q, want %q", got, want)
			}
			out.Reset()
		}
		const event = "event: PROCESS_STATE_RUNNING\ndata: {}\n\n"

		shown() // not before it is subscribed: a change in between would be missed
		stream := <-server.streams
		io.WriteString(stream, "event: subscribed\ndata: {}\n\n")
		shown("web", "STARTING", "x")
		shown() // nothing changes
		server.state = "RUNNING"
		io.WriteString(stream, event)
		shown("web", "RUNNING", "x")

		// Many changes at once are few pictures, of which the last one is right.
		before := server.asked
		server.state = "STOPPED"
		io.WriteString(stream, strings.Repeat(event, 100))
		time.Sleep(time.Second)
		synctest.Wait()
		if n := server.asked - before; n > 2 || !strings.Contains(out.String(), "STOPPED") {
			t.Errorf("%d pictures: %s", n, out.String())
		}
		out.Reset()

		// After an upgrade or a crash of the daemon it goes on.
		stream.Close()
		server.state = "EXITED"
		stream = <-server.streams
		io.WriteString(stream, "event: subscribed\ndata: {}\n\n")
		shown("web", "EXITED", "x")

		cancel()
		stream.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
