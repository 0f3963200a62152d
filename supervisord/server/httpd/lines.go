package httpd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/logs/history"
)

// LogFiles tells where logs are.
type LogFiles interface {
	// LogFile returns the path of a log and what returns a channel that is closed when
	// the log next changes. The channel is "stdout" or "stderr" of a process, or
	// "daemon" for the main log, without a name. The error is a fault.
	LogFile(name, channel string) (path string, changed func() <-chan struct{}, err error)
}

const (
	// gatherTime is how long lines are gathered after some were sent, so that a busy
	// log costs a few pieces a second.
	gatherTime = 50 * time.Millisecond
	// pollTime is how often a log is looked at that this daemon does not write.
	pollTime = time.Second
	// maxPiece is how many bytes of a log are sent at once.
	maxPiece = 256 << 10
	// maxLogs is how many logs one request may ask for.
	maxLogs = 4096
)

// piece is the header of a part of a log in a stream: a line of JSON, followed by that
// many bytes of the log.
type piece struct {
	Log   int    `json:"log"`             // the number of the log in the query
	Bytes int    `json:"bytes"`           // that follow
	Next  string `json:"next,omitempty"`  // the cursor after them
	Lost  bool   `json:"lost,omitempty"`  // lines before are gone: their file was removed or truncated
	Cut   bool   `json:"cut,omitempty"`   // older lines were left out: they are too many
	Dated bool   `json:"dated,omitempty"` // every line has a time, or follows one that has
	Error string `json:"error,omitempty"` // why there is nothing of this log
}

// lineStreamer serves /logs: the past lines of many logs, or what is written to them
// from now on. The query has
//
//	log      once for each log: CHANNEL,CURSOR,NAME
//	lines    only so many of the last lines of each; without it all, up to 1 MiB
//	since    only lines from this time on (RFC 3339); until likewise
//	grep     only lines that match a regular expression (RE2)
//	whole    1 to leave out a last line that has no end yet
//	follow   1 to send what is written after the cursor, or from now on if it is empty
type lineStreamer struct {
	files   LogFiles
	streams *streams
}

func (s lineStreamer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	q, err := parseLineQuery(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, done := s.streams.begin(r.Context())
	defer done()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold back small pieces
	w.WriteHeader(http.StatusOK)
	out := &pieceWriter{w: flushWriter{w, http.NewResponseController(w)}}
	if !q.follow {
		s.sendHistory(out, q)
		return
	}
	followed := s.open(out, q)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	for _, f := range followed {
		all.Go(func() {
			defer cancel() // a client that does not read one log reads none
			f.run(ctx, out)
		})
	}
	all.Wait()
}

// sendHistory sends the past lines of all logs.
func (s lineStreamer) sendHistory(out *pieceWriter, q lineQuery) {
	for i, l := range q.logs {
		path, _, err := s.files.LogFile(l.name, l.channel)
		var r history.Result
		if err == nil {
			r, err = history.Read(path, q.history)
		}
		head := piece{Log: i, Bytes: len(r.Text), Next: r.Next.String(), Cut: r.Cut, Dated: !r.Undated}
		if err != nil {
			head = piece{Log: i, Error: lineError(err)}
		}
		if out.write(head, r.Text) != nil {
			return
		}
	}
}

// open returns the logs to follow. The client learns which ones there are not.
func (s lineStreamer) open(out *pieceWriter, q lineQuery) []*followedLog {
	var list []*followedLog
	for i, l := range q.logs {
		f := &followedLog{number: i, cursor: l.cursor}
		var err error
		if f.path, f.changed, err = s.files.LogFile(l.name, l.channel); err == nil && l.cursor == (history.Cursor{}) {
			f.cursor, err = history.End(f.path)
		}
		if err != nil {
			_ = out.write(piece{Log: i, Error: lineError(err)}, nil) // a failure shows with the next write
			continue
		}
		list = append(list, f)
	}
	return list
}

// lineError returns an error in words.
func lineError(err error) string {
	switch fault, ok := errors.AsType[*faults.Error](err); {
	case ok && fault.Code == faults.BadName:
		return "no such process"
	case ok && fault.Code == faults.NoFile, errors.Is(err, fs.ErrNotExist):
		return "no log file"
	}
	return err.Error()
}

// followedLog is a log whose new lines are sent.
type followedLog struct {
	number  int
	path    string
	changed func() <-chan struct{}
	cursor  history.Cursor
}

// run sends what is written to the log until ctx ends or the client is gone.
func (f *followedLog) run(ctx context.Context, out *pieceWriter) {
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	for {
		next := f.changed() // before reading, so that no change is missed
		c, err := history.Next(f.path, f.cursor, maxPiece)
		wait := poll.C
		switch {
		case err != nil: // it may be there again later
		case len(c.Text) > 0 || c.Lost:
			f.cursor = c.Next
			if out.write(piece{Log: f.number, Bytes: len(c.Text), Next: c.Next.String(), Lost: c.Lost}, c.Text) != nil {
				return
			}
			if c.More {
				continue
			}
			next, wait = nil, time.After(gatherTime)
		default:
			f.cursor = c.Next
		}
		select {
		case <-next:
		case <-wait:
		case <-ctx.Done():
			return
		}
	}
}

// pieceWriter writes whole pieces.
type pieceWriter struct {
	mu sync.Mutex
	w  flushWriter
}

func (p *pieceWriter) write(head piece, text []byte) error {
	line, err := json.Marshal(head)
	if err != nil {
		panic(err) // these types can always be marshalled
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err = p.w.Write(append(append(line, '\n'), text...))
	return err
}

// lineQuery is a parsed query.
type lineQuery struct {
	logs    []queriedLog
	history history.Query
	follow  bool
}

type queriedLog struct {
	channel, name string
	cursor        history.Cursor
}

func parseLineQuery(values url.Values) (q lineQuery, err error) {
	for _, text := range values["log"] {
		fields := strings.SplitN(text, ",", 3)
		if len(fields) != 3 || fields[0] != "stdout" && fields[0] != "stderr" && fields[0] != "daemon" {
			return q, fmt.Errorf("bad log %q: it is CHANNEL,CURSOR,NAME", text)
		}
		l := queriedLog{channel: fields[0], name: fields[2]}
		if l.cursor, err = history.ParseCursor(fields[1]); err != nil {
			return q, err
		}
		q.logs = append(q.logs, l)
	}
	if len(q.logs) == 0 || len(q.logs) > maxLogs {
		return q, fmt.Errorf("between 1 and %d logs can be asked for, not %d", maxLogs, len(q.logs))
	}
	q.follow = values.Get("follow") == "1"
	q.history.WholeLines = values.Get("whole") == "1"
	if text := values.Get("lines"); text != "" {
		if q.history.Lines, err = strconv.Atoi(text); err != nil || q.history.Lines < 0 {
			return q, fmt.Errorf("bad number of lines %q", text)
		}
	}
	for name, to := range map[string]*time.Time{"since": &q.history.Since, "until": &q.history.Until} {
		if text := values.Get(name); text != "" {
			if *to, err = time.Parse(time.RFC3339Nano, text); err != nil {
				return q, fmt.Errorf("bad time %q for %s", text, name)
			}
		}
	}
	if text := values.Get("grep"); text != "" {
		if q.history.Match, err = regexp.Compile(text); err != nil {
			return q, fmt.Errorf("bad regular expression: %w", err)
		}
	}
	return q, nil
}
