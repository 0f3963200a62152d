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
	maxPrealloc   = 64 << 10 // memory for a body that is yet to come
	headerTimeout = 30 * time.Second
	bodyTimeout   = time.Minute
	// idleTimeout is as long as Supervisor grants to connections that wait
	// for their next request.
	idleTimeout = 30 * time.Minute
	// writeTimeout is how long a client of a stream may take for one piece.
	writeTimeout = time.Minute
)

// route says who answers under a path.
type route struct {
	path    string
	prefix  bool // and under all that begin with it
	handler http.Handler
}

// routes lists who answers a request: the first that fits. The order and the
// prefixes are Supervisor's. All of them stand behind the guard.
func routes(s *streams, c config.Server, h Handlers) []route {
	streams := logStreamer{h.Logs, s}
	// A page of another site must not make a browser call with the credentials
	// that it remembers. Clients that are not browsers are never concerned.
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
	return []route{
		{"/RPC2", false, rpc},
		{"/RPC2/", false, rpc},
		{"/logtail", true, http.HandlerFunc(streams.processLog)},
		{"/mainlogtail", true, http.HandlerFunc(streams.mainLog)},
		{"", true, web},
	}
}

// router hands a request to the first route that fits.
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

// statusHandler is a handler that refuses everything.
func statusHandler(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// bufferBody reads the body of a POST before it calls next, within time and
// limits. Then only the client's hanging up can end the request.
func bufferBody(next http.Handler) http.Handler {
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
	body.Grow(int(min(r.ContentLength, maxPrealloc)) + bytes.MinRead)
	if _, err := body.ReadFrom(r.Body); err != nil {
		return http.StatusBadRequest
	}
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return http.StatusBadRequest // the connection is gone
	}
	r.Body = io.NopCloser(&body)
	return http.StatusOK
}
