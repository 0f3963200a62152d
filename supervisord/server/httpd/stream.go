package httpd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// logStreamer serves logs while they grow.
type logStreamer struct {
	logs    Logs
	streams *streams
}

// streams are the log streams under way, which can be ended together. The zero value
// has none.
type streams struct {
	mu      sync.Mutex
	stopped bool // new ones end at once
	next    int
	cancels map[int]context.CancelFunc
}

// begin returns a context that ends with ctx and when all streams are stopped, and a
// function to call at the end of the stream.
func (s *streams) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		cancel()
		return ctx, cancel
	}
	if s.cancels == nil {
		s.cancels = make(map[int]context.CancelFunc)
	}
	s.next++
	id := s.next
	s.cancels[id] = cancel
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.cancels, id)
	}
}

// stop ends all streams, and those that begin before resume.
func (s *streams) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for _, cancel := range s.cancels {
		cancel()
	}
}

// resume allows streams again after stop.
func (s *streams) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = false
}

// processLog serves /logtail/NAME and /logtail/NAME/CHANNEL.
func (s logStreamer) processLog(w http.ResponseWriter, r *http.Request) {
	rest, _ := strings.CutPrefix(r.URL.Path, "/logtail/")
	name, channel, given := strings.Cut(rest, "/")
	if !given {
		channel = "stdout"
	}
	s.follow(w, r, func(ctx context.Context, begin func(time.Time) io.Writer) error {
		if rest == r.URL.Path || channel != "stdout" && channel != "stderr" {
			return errNoLog
		}
		return s.logs.FollowLog(ctx, name, channel, func(modified time.Time) io.Writer {
			w.Header().Set("X-Accel-Buffering", "no") // nginx would hold back small pieces
			return begin(modified)
		})
	})
}

var errNoLog = errors.New("no such log")

// mainLog serves /mainlogtail.
func (s logStreamer) mainLog(w http.ResponseWriter, r *http.Request) {
	s.follow(w, r, s.logs.FollowMainLog)
}

// follow serves one stream until the client hangs up or the server stops.
func (s logStreamer) follow(w http.ResponseWriter, r *http.Request, follow func(context.Context, func(time.Time) io.Writer) error) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	ctx, done := s.streams.begin(r.Context())
	defer done()
	begun := false
	err := follow(ctx, func(modified time.Time) io.Writer {
		begun = true
		h := w.Header()
		h.Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
		h.Set("Content-Type", "text/plain;charset=utf-8")
		w.WriteHeader(http.StatusOK)
		p := flushWriter{w, http.NewResponseController(w)}
		_, _ = p.Write(nil) // flushes the head: the log may stay empty for long
		return p
	})
	if err != nil && !begun {
		w.WriteHeader(http.StatusNotFound)
	}
}

// flushWriter sends each write at once. It fails if the client accepts nothing for
// writeTimeout.
type flushWriter struct {
	w       io.Writer
	control *http.ResponseController
}

func (p flushWriter) Write(data []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	n, err := p.w.Write(data)
	if err == nil {
		err = p.control.Flush()
	}
	return n, err
}
