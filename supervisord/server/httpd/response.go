package httpd

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"supervisor/supervisord/logs"
	"supervisor/supervisord/server/hostheader"
)

// response adds to an answer what is the same for all of them: who serves it,
// and the page that goes with a bare refusal. It counts what is sent.
type response struct {
	http.ResponseWriter
	status int // 0 until the head was written
	body   int64
}

// Unwrap lets http.ResponseController find the connection.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader writes the head, and Supervisor's page behind it if a handler
// refuses without one of its own.
func (r *response) WriteHeader(status int) {
	if r.status != 0 {
		return // too late: a handler failed in the middle of an answer
	}
	r.status = status
	h := r.Header()
	if status < 400 || h.Get("Content-Type") != "" {
		r.ResponseWriter.WriteHeader(status)
		return
	}
	page := errorPage(status)
	h.Set("Content-Type", "text/html")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	r.ResponseWriter.WriteHeader(status)
	_, _ = r.Write(page) // a client that is gone misses nothing
}

// Write writes a piece of the body.
func (r *response) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	n, err := r.ResponseWriter.Write(p)
	r.body += int64(n)
	return n, err
}

// errorPage is the page that Supervisor shows for a status.
func errorPage(status int) []byte {
	return fmt.Appendf(nil, "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n"+
		"<p>Error code %d.\r\n<p>Message: %s.\r\n</body>\r\n", status, http.StatusText(status))
}

// accessLogger hands every request on with a response, and logs its end.
type accessLogger struct {
	endpoint *endpoint
	log      *slog.Logger
	next     http.Handler
}

func (rec accessLogger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Host = hostheader.Decode(r.Host)      // tolerantConn has encoded it
	w.Header().Set("Server", "Medusa/1.12") // what clients of Supervisor see
	resp := &response{ResponseWriter: w}
	if rec.log.Enabled(r.Context(), logs.LevelTrace) {
		defer func() { rec.logAccess(r, resp) }()
	}
	rec.next.ServeHTTP(resp, r)
	if resp.status == 0 {
		resp.WriteHeader(http.StatusOK)
	}
}

// logAccess logs a finished answer.
func (rec accessLogger) logAccess(r *http.Request, resp *response) {
	host, port := "localhost", "0"
	if rec.endpoint.Family != "unix" {
		host, port, _ = net.SplitHostPort(r.RemoteAddr)
	}
	rec.log.Log(context.Background(), logs.LevelTrace, fmt.Sprintf("%s:%s - - [%s] \"%s %s %s\" %d %d",
		host, port, time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"),
		r.Method, r.RequestURI, r.Proto, resp.status, headSize(r, resp)+resp.body))
}

// headSize is the size of an answer's head. The server adds a date of fixed
// length.
func headSize(r *http.Request, resp *response) int64 {
	n := len(r.Proto) + len(" 200 ") + len(http.StatusText(resp.status)) + len("\r\n\r\n") + len("Date: \r\n") + len(http.TimeFormat)
	for name, values := range resp.Header() {
		for _, v := range values {
			n += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	return int64(n)
}
