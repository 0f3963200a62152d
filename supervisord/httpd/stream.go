package httpd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// streamer serves logs while they grow.
type streamer struct {
	logs     Logs
	stopping context.Context
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
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
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
