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

// streamer serves logs while they grow.
type streamer struct {
	logs    Logs
	streams *streams
}

// streams are all that go on, and can be ended together. The zero value has none.
type streams struct {
	mu     sync.Mutex
	over   bool // they are ended
	next   int
	ending map[int]context.CancelFunc
}

// begin returns a context that ends with ctx, and when all streams are ended,
// and what to call when the stream is over.
func (s *streams) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		cancel()
		return ctx, cancel
	}
	if s.ending == nil {
		s.ending = make(map[int]context.CancelFunc)
	}
	s.next++
	id := s.next
	s.ending[id] = cancel
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.ending, id)
	}
}

// end ends all streams, and those that begin before renew is called.
func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, cancel := range s.ending {
		cancel()
	}
}

// renew takes end back.
func (s *streams) renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = false
}

// process serves /logtail/NAME and /logtail/NAME/CHANNEL.
func (s streamer) process(w http.ResponseWriter, r *http.Request) {
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
			w.Header().Set("X-Accel-Buffering", "no") // so that nginx passes each piece on
			return begin(modified)
		})
	})
}

var errNoLog = errors.New("no such log")

// main serves /mainlogtail.
func (s streamer) main(w http.ResponseWriter, r *http.Request) {
	s.follow(w, r, s.logs.FollowMainLog)
}

// follow serves one stream until the client hangs up or the server stops.
func (s streamer) follow(w http.ResponseWriter, r *http.Request, follow func(context.Context, func(time.Time) io.Writer) error) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	ctx, over := s.streams.begin(r.Context())
	defer over()
	begun := false
	err := follow(ctx, func(modified time.Time) io.Writer {
		begun = true
		h := w.Header()
		h.Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
		h.Set("Content-Type", "text/plain;charset=utf-8")
		w.WriteHeader(http.StatusOK)
		p := pieces{w, http.NewResponseController(w)}
		_, _ = p.Write(nil) // the head is due now: the log may be empty for long
		return p
	})
	if err != nil && !begun {
		w.WriteHeader(http.StatusNotFound)
	}
}

// pieces sends what is written at once. A client that takes nothing for long
// is given up.
type pieces struct {
	w       io.Writer
	control *http.ResponseController
}

func (p pieces) Write(data []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	n, err := p.w.Write(data)
	if err == nil {
		err = p.control.Flush()
	}
	return n, err
}
