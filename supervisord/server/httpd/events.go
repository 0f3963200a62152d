package httpd

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"supervisor/supervisord/events"
)

// EventSource is where subscriptions to events are made: an *events.Bus.
type EventSource interface {
	Stream(types []events.Type, limit int) *events.Stream
}

// maxWaitingEvents is how many events wait for a slow client of /events.
const maxWaitingEvents = 1000

// streamedEvent is the data of an event in a stream.
type streamedEvent struct {
	Serial  uint64            `json:"serial"`
	Type    events.Type       `json:"type"`
	At      time.Time         `json:"at"`
	Fields  map[string]string `json:"fields"`
	Data    string            `json:"data,omitempty"`
	Payload string            `json:"payload"`
}

// eventStreamer serves /events: the events of the daemon as server-sent events, see
// the HTML standard. The query names types, which include those below them, as in
// ?types=PROCESS_STATE,TICK_5; without it all types are sent. Events that a slow client
// has lost are counted by an event of the type "lost".
type eventStreamer struct {
	source  EventSource
	streams *streams
}

func (s eventStreamer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	types, err := eventTypes(r.URL.Query()["types"])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, done := s.streams.begin(r.Context())
	defer done()
	stream := s.source.Stream(types, maxWaitingEvents)
	defer stream.Close()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold back small pieces
	w.WriteHeader(http.StatusOK)
	out := flushWriter{w, http.NewResponseController(w)}
	// A first event lets the client know that it is subscribed.
	if _, err := out.Write([]byte("event: subscribed\ndata: {}\n\n")); err != nil {
		return
	}
	for {
		list, lost, err := stream.Next(ctx)
		if err != nil {
			return
		}
		var text []byte
		if lost > 0 {
			text = fmt.Appendf(text, "event: lost\ndata: {\"lost\":%d}\n\n", lost)
		}
		for _, e := range list {
			text = appendEvent(text, e)
		}
		if _, err := out.Write(text); err != nil {
			return
		}
	}
}

// eventTypes parses the types of a query, which may be given several times.
func eventTypes(query []string) ([]events.Type, error) {
	var types []events.Type
	for _, name := range strings.Split(strings.Join(query, ","), ",") {
		switch t := events.Type(strings.ToUpper(strings.TrimSpace(name))); {
		case t == "":
		case !t.Known():
			return nil, fmt.Errorf("%q is not a type of event", name)
		default:
			types = append(types, t)
		}
	}
	if types == nil {
		types = []events.Type{events.Any}
	}
	return types, nil
}

// appendEvent appends an event in the form of a stream. JSON has no line ends, so that
// the data is one line.
func appendEvent(to []byte, e events.Dated) []byte {
	head, data, _ := strings.Cut(e.Payload, "\n")
	text, err := json.Marshal(streamedEvent{
		Serial: e.Serial, Type: e.Type, At: e.At, Fields: events.Fields(head), Data: data, Payload: e.Payload,
	})
	if err != nil {
		panic(err) // these types can always be marshalled
	}
	return fmt.Appendf(to, "id: %d\nevent: %s\ndata: %s\n\n", e.Serial, e.Type, text)
}
