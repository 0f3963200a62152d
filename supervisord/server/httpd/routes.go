package httpd

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/server/hostheader"
)

// Handlers answer the requests whose credentials are right.
type Handlers struct {
	RPC  http.Handler // /RPC2; the body of a POST is complete
	Logs Logs         // /logtail and /mainlogtail
	// LogFiles is the source of /logs. If it is nil there is no such path.
	LogFiles LogFiles
	// Events is the source of /events. If it is nil there is no such path.
	Events EventSource
	// Web returns the handler of all other paths for one server. If it is nil there
	// are no other paths.
	Web func(config.Server) http.Handler
}

// Logs is the source of log streams.
type Logs interface {
	// FollowLog calls begin once with the time of the log's last change. To the
	// writer that begin returns it writes the end of the log, then everything that
	// is added, until ctx ends or a write fails. If there is no such process or log,
	// it returns an error without calling begin. The channel is "stdout" or
	// "stderr".
	FollowLog(ctx context.Context, name, channel string, begin func(modified time.Time) io.Writer) error
	// FollowMainLog is FollowLog for the daemon's own log.
	FollowMainLog(ctx context.Context, begin func(modified time.Time) io.Writer) error
}

const (
	maxHeader = 64 << 10
	// maxBody leaves room for data sent to a program's stdin.
	maxBody       = 16 << 20
	maxPrealloc   = 64 << 10 // memory allocated for a body before it has arrived
	headerTimeout = 30 * time.Second
	bodyTimeout   = time.Minute
	// idleTimeout, as in Supervisor, is how long a connection may wait for its next
	// request.
	idleTimeout = 30 * time.Minute
	// writeTimeout is how long a client of a stream may take for one piece.
	writeTimeout = time.Minute
)

// route is the handler of a path.
type route struct {
	path    string
	prefix  bool // and of all paths that begin with it
	handler http.Handler
}

// routes returns the routes of a server; the first that matches answers. The order
// and the prefixes are Supervisor's. The caller puts the authenticator before them.
func routes(s *streams, c config.Server, h Handlers) []route {
	streams := logStreamer{h.Logs, s}
	// A page of another site must not make a browser call methods with the
	// credentials that the browser remembers. Other clients are never refused.
	origin := http.NewCrossOriginProtection()
	rpc := bufferBody(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin.Check(hostheader.AsSent(r)) != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		h.RPC.ServeHTTP(w, r)
	}))
	web := statusHandler(http.StatusNotFound)
	if h.Web != nil {
		web = bufferBody(h.Web(c))
	}
	event := statusHandler(http.StatusNotFound)
	if h.Events != nil {
		event = eventStreamer{h.Events, s}
	}
	lines := statusHandler(http.StatusNotFound)
	if h.LogFiles != nil {
		lines = lineStreamer{h.LogFiles, s}
	}
	return []route{
		{"/RPC2", false, rpc},
		{"/RPC2/", false, rpc},
		{"/logtail", true, http.HandlerFunc(streams.processLog)},
		{"/mainlogtail", true, http.HandlerFunc(streams.mainLog)},
		{"/events", false, event},
		{"/logs", false, lines},
		{"", true, web},
	}
}

// router returns a handler that passes each request to the first matching route.
func router(routes []route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, rt := range routes {
			if r.URL.Path == rt.path || rt.prefix && strings.HasPrefix(r.URL.Path, rt.path) {
				rt.handler.ServeHTTP(w, r)
				return
			}
		}
	})
}

// statusHandler returns a handler that answers everything with a status.
func statusHandler(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// bufferBody reads the body of a POST, within time and size limits, before it calls
// next. After that only a client that hangs up can end the request early.
func bufferBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		if status := readBody(w, r); status != http.StatusOK {
			w.Header().Set("Connection", "close") // the rest of the body may still arrive
			w.WriteHeader(status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// readBody replaces the body by one that has been read completely. It returns 200, or
// the status with which to refuse the request.
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
	body.Grow(int(min(r.ContentLength, maxPrealloc)) + bytes.MinRead)
	if _, err := body.ReadFrom(r.Body); err != nil {
		return http.StatusBadRequest
	}
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return http.StatusBadRequest // the connection is closed
	}
	r.Body = io.NopCloser(&body)
	return http.StatusOK
}
