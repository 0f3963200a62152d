package httpd

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"supervisor/supervisord/config"
)

// Handlers are who answers behind the credentials.
type Handlers struct {
	RPC  http.Handler // /RPC2; POST only, the body is complete
	Logs Logs         // /logtail and /mainlogtail
	// Web makes the handler of everything else, which may be another one for
	// each server; nil for nothing else.
	Web func(config.Server) http.Handler
}

// Logs is the source of log streams.
type Logs interface {
	// FollowLog calls begin once with the time of the log's last change, and
	// writes to what that returns: the end of the log, then all that is added,
	// until ctx ends or a write fails. It returns an error without having
	// called begin if there is no such process or log. The channel is "stdout"
	// or "stderr".
	FollowLog(ctx context.Context, name, channel string, begin func(modified time.Time) io.Writer) error
	// FollowMainLog is FollowLog for the daemon's own log.
	FollowMainLog(ctx context.Context, begin func(modified time.Time) io.Writer) error
}

const (
	maxHeader = 64 << 10
	// maxBody leaves room for what is sent to a program's stdin.
	maxBody       = 16 << 20
	maxAdvance    = 64 << 10 // memory for a body that is yet to come
	headerTimeout = 30 * time.Second
	bodyTimeout   = time.Minute
	// idleTimeout is as long as Supervisor grants to connections that wait
	// for their next request.
	idleTimeout = 30 * time.Minute
	// writeTimeout is how long a client of a stream may take for one piece.
	writeTimeout = time.Minute
)

// routes decides who answers a request. The order and the prefixes are
// Supervisor's.
func routes(stopping context.Context, c config.Server, h Handlers) http.Handler {
	streams := streamer{h.Logs, stopping}
	// A page of another site must not make a browser call with the credentials
	// that it remembers. Clients that are not browsers are never concerned.
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(refusal(http.StatusForbidden))
	rpc := complete(origin.Handler(h.RPC))
	web := refusal(http.StatusNotFound)
	if h.Web != nil {
		web = complete(h.Web(c))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/RPC2", path == "/RPC2/":
			rpc.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/logtail"):
			streams.process(w, r)
		case strings.HasPrefix(path, "/mainlogtail"):
			streams.main(w, r)
		default:
			web.ServeHTTP(w, r)
		}
	})
}

// refusal is a handler that refuses everything.
func refusal(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// complete reads the body of a POST before it calls next, within time and
// limits. Then only the client's hanging up can end the request.
func complete(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		if status := readBody(w, r); status != http.StatusOK {
			w.Header().Set("Connection", "close") // the rest of the body is still to come
			w.WriteHeader(status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// readBody replaces the body by one that is complete. It returns the status to
// refuse with, or 200.
func readBody(w http.ResponseWriter, r *http.Request) int {
	if r.Header.Get("Content-Length") == "" {
		return http.StatusLengthRequired
	}
	if r.ContentLength > maxBody {
		return http.StatusRequestEntityTooLarge
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(bodyTimeout)); err != nil {
		return http.StatusInternalServerError
	}
	var body bytes.Buffer
	body.Grow(int(min(r.ContentLength, maxAdvance)) + bytes.MinRead)
	if _, err := body.ReadFrom(r.Body); err != nil {
		return http.StatusBadRequest
	}
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return http.StatusBadRequest // the connection is gone
	}
	r.Body = io.NopCloser(&body)
	return http.StatusOK
}
