package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"supervisor/ctl/session"
	"supervisor/supervisord/api/xmlrpc"
)

const (
	minReconnectPause = 100 * time.Millisecond
	maxReconnectPause = 2 * time.Second
)

// followStream opens a stream of the daemon and passes it to read, until ctx ends. When
// the daemon goes away, as in an upgrade or a crash, it connects again and goes on. The
// error is that of the first connection: *xmlrpc.StatusError if the daemon has no such
// stream.
func followStream(ctx context.Context, s *session.Session, path func() string, read func(io.Reader) error) error {
	body, err := s.Stream(ctx, path())
	if err != nil {
		return err
	}
	for {
		err := read(body)
		body.Close()
		if stop, ok := errors.AsType[readError](err); ok {
			return stop.error
		}
		if body = reconnect(ctx, s, path); body == nil {
			return nil
		}
	}
}

// readError is an error of read that must not lead to another connection.
type readError struct{ error }

// reconnect opens a stream again once the daemon is there. It returns nil if ctx ends
// before. A second daemon may lack credentials or the stream: that is a failure like
// that of a daemon that does not run.
func reconnect(ctx context.Context, s *session.Session, path func() string) io.ReadCloser {
	reported := false
	for pause := minReconnectPause; ; pause = min(2*pause, maxReconnectPause) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		body, err := s.Stream(ctx, path())
		if err == nil {
			if reported {
				fmt.Fprintln(s.ErrOut(), "connected again")
			}
			return body
		}
		if ctx.Err() != nil {
			return nil
		}
		if !reported && pause > minReconnectPause { // an upgrade takes less time
			reported = true
			fmt.Fprintf(s.ErrOut(), "connection to %s lost, trying again: %s\n", s.ServerURL(), s.Describe(err))
		}
	}
}

// notFound is the HTTP status of an older supervisord that does not know a path.
const notFound = 404

func isNotFound(err error) bool {
	status, ok := errors.AsType[*xmlrpc.StatusError](err)
	return ok && status.Code == notFound
}

func isBadRequest(err error) bool {
	status, ok := errors.AsType[*xmlrpc.StatusError](err)
	return ok && status.Code == 400
}
