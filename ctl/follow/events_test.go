package follow

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/config/ctlconf"
)

// streamingDaemon answers each Stream with the next of its answers: a text that ends,
// or an error. The last text does not end before ctx does.
type streamingDaemon struct {
	fakeDaemon
	answers []any
	paths   []string
}

func (d *streamingDaemon) dialer(ctlconf.Settings) (session.Client, error) { return d, nil }

func (d *streamingDaemon) Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	d.paths = append(d.paths, path)
	next := d.answers[0]
	d.answers = d.answers[1:]
	switch next := next.(type) {
	case error:
		return nil, next
	case string:
		if len(d.answers) > 0 {
			return io.NopCloser(strings.NewReader(next)), nil
		}
		r, w := io.Pipe()
		go func() {
			io.WriteString(w, next)
			<-ctx.Done()
			w.CloseWithError(ctx.Err())
		}()
		return r, nil
	}
	panic("an answer is a text or an error")
}

// runEvents runs the action events with a daemon until it has waited for an hour.
func runEvents(t *testing.T, d *streamingDaemon, in action.Arguments) (out string, exit int, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		s := session.New(session.Options{Dial: d.dialer, Input: &fakeInput{}, Out: &text, ErrOut: &text})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err = showEvents(ctx, s, in)
		out, exit = text.String(), exitStatus(s)
	})
	return out, exit, err
}

const (
	subscribed = "event: subscribed\ndata: {}\n\n"
	stateEvent = "id: 3\nevent: PROCESS_STATE_RUNNING\n" +
		`data: {"serial":3,"type":"PROCESS_STATE_RUNNING","at":"2026-11-30T10:00:00.123Z","fields":{"processname":"web_0","groupname":"web","from_state":"STARTING","pid":"77"},"payload":"p"}` + "\n\n"
	logEvent = "id: 4\nevent: PROCESS_LOG_STDOUT\n" +
		`data: {"type":"PROCESS_LOG_STDOUT","at":"2026-11-30T10:00:01.123Z","fields":{"processname":"cron","groupname":"cron","pid":"8"},"data":"one\ntwo\n"}` + "\n\n"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	local := func(second int) string { // times are shown in the local zone
		return time.Date(2026, 11, 30, 10, 0, second, 123e6, time.UTC).Local().Format("2006-01-02 15:04:05,000")
	}
	for _, tt := range []struct {
		name    string
		flags   map[string]string
		words   []string
		answers []any
		path    string
		want    string
		exit    int
	}{
		{
			name: "lines", words: []string{"PROCESS_STATE", "process_log"}, answers: []any{subscribed + stateEvent + logEvent},
			path: "/events?types=PROCESS_STATE%2Cprocess_log",
			want: local(0) + " PROCESS_STATE_RUNNING web:web_0 from_state=STARTING pid=77\n" +
				local(1) + " PROCESS_LOG_STDOUT cron pid=8\n    one\n    two\n\n",
		},
		{
			name: "JSON", flags: map[string]string{"--json": ""}, answers: []any{subscribed + logEvent}, path: "/events?types=",
			want: strings.TrimPrefix(strings.Split(logEvent, "\n")[2], "data: ") + "\n\n",
		},
		{
			name: "lost", answers: []any{subscribed + "event: lost\ndata: {\"lost\":12}\n\n"}, path: "/events?types=",
			want: "12 events were lost: they came faster than they could be shown\n\n",
		},
		{
			name: "upgrade", answers: []any{subscribed, subscribed + "event: lost\ndata: {\"lost\":1}\n\n"}, path: "/events?types=",
			want: "1 events were lost: they came faster than they could be shown\n\n",
		},
		{
			name: "crash", answers: []any{subscribed, syscall.ECONNREFUSED, syscall.ECONNREFUSED, errors.New("slow"), subscribed}, path: "/events?types=",
			want: "connection to  lost, trying again: connection refused\nconnected again\n\n",
		},
		{
			name: "an older daemon", answers: []any{&xmlrpc.StatusError{Code: 404}}, path: "/events?types=",
			want: "events: ERROR (not supported by this supervisord)\n", exit: 1,
		},
		{
			name: "bad type", words: []string{"NOPE"}, answers: []any{&xmlrpc.StatusError{Code: 400}}, path: "/events?types=NOPE",
			want: "events: ERROR (no such type of event: NOPE)\n", exit: 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &streamingDaemon{answers: tt.answers}
			out, exit, err := runEvents(t, d, action.Arguments{Words: tt.words, Flags: tt.flags})
			if out != tt.want || exit != tt.exit || err != nil {
				t.Errorf("exit %d, error %v, output\n%s\nwant\n%s", exit, err, out, tt.want)
			}
			if d.paths[0] != tt.path {
				t.Errorf("path %s, want %s", d.paths[0], tt.path)
			}
		})
	}
}
