package httpd

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"supervisor/supervisord/events"
)

// openEvents requests /events and returns the response once the stream is subscribed.
func openEvents(t *testing.T, in *testServer, query string) (*http.Response, *bufio.Reader) {
	t.Helper()
	conn := in.dial(t)
	fmt.Fprintf(conn, "GET /events%s HTTP/1.1\r\nHost: x\r\n\r\n", query)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp, bufio.NewReader(resp.Body)
}

// readEvent reads one event of a stream.
func readEvent(t *testing.T, from *bufio.Reader) string {
	t.Helper()
	var text strings.Builder
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %q", err, text.String())
		}
		if line == "\n" {
			return text.String()
		}
		text.WriteString(line)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	resp, body := openEvents(t, in, "?types=tick,REMOTE_COMMUNICATION")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, type %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	if got := readEvent(t, body); got != "event: subscribed\ndata: {}\n" {
		t.Fatalf("got %q", got)
	}
	in.bus.Publish(events.Tick5, func() string { return "when:7" })
	in.bus.Publish(events.ProcessGroupAdded, func() string { t.Error("an unwanted event was rendered"); return "" })
	in.bus.Publish(events.RemoteCommunication, func() string { return "type:a:b\nline 1\nline 2 é" })
	if got := readEvent(t, body); !strings.HasPrefix(got, "id: 0\nevent: TICK_5\ndata: {\"serial\":0,\"type\":\"TICK_5\",\"at\":\"") ||
		!strings.HasSuffix(got, "\"fields\":{\"when\":\"7\"},\"payload\":\"when:7\"}\n") {
		t.Errorf("got %s", got)
	}
	if got := readEvent(t, body); !strings.HasPrefix(got, "id: 1\nevent: REMOTE_COMMUNICATION\n") ||
		!strings.HasSuffix(got, `"fields":{"type":"a:b"},"data":"line 1\nline 2 é","payload":"type:a:b\nline 1\nline 2 é"}`+"\n") {
		t.Errorf("got %s", got)
	}
	in.streams.stop() // as an upgrade does
	if _, err := body.ReadByte(); err != io.EOF {
		t.Errorf("after the end of all streams: %v", err)
	}
	if in.bus.Wants(events.Tick5) {
		t.Error("the stream has ended and is still subscribed")
	}
}

func TestBadEventRequests(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	if resp, _ := openEvents(t, in, "?types=PROCESS_STATE,NO_SUCH"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("an unknown type: status %d", resp.StatusCode)
	}
	if resp, _ := in.request(t, "POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST: status %d", resp.StatusCode)
	}
}
