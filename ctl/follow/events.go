package follow

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
)

// eventsAction shows events as they happen.
func eventsAction() session.Action {
	return session.Action{
		Spec: action.Spec{
			Name:  "events",
			Topic: action.TopicLogs, Short: "show state changes and other events as they happen",
			Help: []string{
				"events\t\t\tShow events as they happen, until Ctrl-C.",
				"events PROCESS_STATE\tShow events of these types only, and of those below them.",
				"events --json\t\tShow them as JSON, one event a line.",
			},
			Hidden: true,
			Flags: []action.Flag{
				{Name: "-f", Help: "follow events; this is the default"},
				{Name: "--json", Help: "show each event as one line of JSON"},
			},
			Completes: action.CompleteEventTypes,
		},
		UpCheck: true,
		Run:     showEvents,
	}
}

func showEvents(ctx context.Context, s *session.Session, in action.Arguments) error {
	show := showEvent
	if in.Has("--json") {
		show = func(s *session.Session, _ string, data []byte) error { s.Print(string(data)); return nil }
	}
	err := Events(ctx, s, in.Words, func(kind string, data []byte) error {
		if kind == "subscribed" {
			return nil
		}
		return show(s, kind, data)
	})
	switch {
	case ctx.Err() != nil:
		s.Print("")
		return nil
	case isBadRequest(err):
		s.PrintError("events: ERROR (no such type of event: " + strings.Join(in.Words, " ") + ")")
		return nil
	}
	return err
}

// Events passes the events of some types, and of those below them, to handle as they happen,
// with type and data, until ctx ends or handle fails. No types stand for all. When the
// daemon goes away, as in an upgrade or a crash, it subscribes again. Each subscription
// begins with "subscribed". The error is that of the first one; a server without events is
// reported to the user instead.
func Events(ctx context.Context, s *session.Session, types []string, handle func(kind string, data []byte) error) error {
	path := func() string { return "/events?types=" + url.QueryEscape(strings.Join(types, ",")) }
	err := followStream(ctx, s, path, func(body io.Reader) error { return readEvents(body, handle) })
	if isNotFound(err) {
		s.PrintError("events: ERROR (" + session.NotSupported + ")")
		return nil
	}
	return err
}

// readEvents parses server-sent events and calls handle with the type and the data of
// each, until the stream ends or handle fails.
func readEvents(body io.Reader, handle func(kind string, data []byte) error) error {
	lines := bufio.NewReader(body)
	kind := ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "event":
			kind = value
		case "data":
			if err := handle(kind, []byte(value)); err != nil {
				return readError{err}
			}
		}
	}
}

// event is an event as the daemon sends it.
type event struct {
	Type   string            `json:"type"`
	At     time.Time         `json:"at"`
	Fields map[string]string `json:"fields"`
	Data   string            `json:"data"`
	Lost   int               `json:"lost"` // events that were sent too fast
}

// showEvent shows an event as a line for a person.
func showEvent(s *session.Session, kind string, data []byte) error {
	var e event
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	if kind == "lost" {
		s.Printf("%d events were lost: they came faster than they could be shown", e.Lost)
		return nil
	}
	line := e.At.Local().Format("2006-01-02 15:04:05,000 ") + e.Type
	if name := e.Fields["processname"]; name != "" {
		if group := e.Fields["groupname"]; group != name {
			name = group + ":" + name
		}
		line += " " + name
		delete(e.Fields, "processname")
		delete(e.Fields, "groupname")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		line += " " + name + "=" + e.Fields[name]
	}
	s.Print(line)
	if e.Data != "" {
		for text := range strings.Lines(e.Data) {
			s.Print("    " + strings.TrimRight(text, "\r\n"))
		}
	}
	return nil
}
