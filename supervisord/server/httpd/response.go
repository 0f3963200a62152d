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

// response adds Supervisor's page to an answer that is only an error status. It counts
// the bytes sent.
type response struct {
	http.ResponseWriter
	status int   // 0 until the head has been written
	body   int64 // bytes written
}

// Unwrap lets http.ResponseController find the connection.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader writes the head, followed by Supervisor's page if the handler refuses
// without a page of its own.
func (r *response) WriteHeader(status int) {
	if r.status != 0 {
		return // too late: the handler failed in the middle of an answer
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
	_, _ = r.Write(page) // fails only if the client has gone
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

// errorPage returns the page that Supervisor shows for a status.
func errorPage(status int) []byte {
	return fmt.Appendf(nil, "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n"+
		"<p>Error code %d.\r\n<p>Message: %s.\r\n</body>\r\n", status, http.StatusText(status))
}

// accessLogger passes every request to next, and logs it when it has been answered.
type accessLogger struct {
	endpoint *endpoint
	log      *slog.Logger
	next     http.Handler
}

func (rec accessLogger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Host = hostheader.Decode(r.Host)      // tolerant.Conn has encoded it
	w.Header().Set("Server", "Medusa/1.12") // as Supervisor says
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

// headSize returns the size of an answer's head. It includes the date, of fixed
// length, that net/http adds later.
func headSize(r *http.Request, resp *response) int64 {
	n := len(r.Proto) + len(" 200 ") + len(http.StatusText(resp.status)) + len("\r\n\r\n") + len("Date: \r\n") + len(http.TimeFormat)
	for name, values := range resp.Header() {
		for _, v := range values {
			n += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	return int64(n)
}
