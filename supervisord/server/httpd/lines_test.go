package httpd

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/logs"
)

// fakeLogFiles has the logs of the processes "cat" and "dog" in a directory.
type fakeLogFiles struct {
	dir  string
	cats *logs.File
}

func newLogFiles(t *testing.T) *fakeLogFiles {
	t.Helper()
	f := &fakeLogFiles{dir: t.TempDir()}
	var err error
	if f.cats, err = logs.OpenFile(filepath.Join(f.dir, "cat"), logs.FileOptions{MaxBytes: 200, Backups: 3}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.cats.Close() })
	if err := os.WriteFile(filepath.Join(f.dir, "dog"), []byte("2026-11-30T10:00:00Z wuff\n2026-11-30T10:00:01Z wow"), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fakeLogFiles) LogFile(name, channel string) (string, func() <-chan struct{}, error) {
	switch {
	case channel != "stdout":
		return "", nil, faults.Bare(faults.NoFile)
	case name == "cat":
		return f.cats.Path(), f.cats.Changed, nil
	case name == "dog":
		return filepath.Join(f.dir, "dog"), func() <-chan struct{} { return nil }, nil
	}
	return "", nil, faults.New(faults.BadName, name)
}

// requestLogs requests lines of logs: pairs of a name and a cursor.
func requestLogs(t *testing.T, in *testServer, options string, logs ...string) (*http.Response, *bufio.Reader) {
	t.Helper()
	q := ""
	for i := 0; i < len(logs); i += 2 {
		q += "&log=stdout," + logs[i+1] + "," + url.QueryEscape(logs[i])
	}
	conn := in.dial(t)
	fmt.Fprintf(conn, "GET /logs?%s%s HTTP/1.1\r\nHost: x\r\n\r\n", options, q)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp, bufio.NewReader(resp.Body)
}

// readPiece reads one part of a stream.
func readPiece(t *testing.T, from *bufio.Reader) (piece, string) {
	t.Helper()
	line, err := from.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var p piece
	if err := json.Unmarshal(line, &p); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	text := make([]byte, p.Bytes)
	if _, err := io.ReadFull(from, text); err != nil {
		t.Fatal(err)
	}
	return p, string(text)
}

func TestPastLines(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	for _, tt := range []struct{ options, want string }{
		{"", "2026-11-30T10:00:00Z wuff\n2026-11-30T10:00:01Z wow"},
		{"lines=1", "2026-11-30T10:00:01Z wow"},
		{"lines=1&whole=1", "2026-11-30T10:00:00Z wuff\n"},
		{"since=2026-11-30T10:00:01Z", "2026-11-30T10:00:01Z wow"},
		{"until=2026-11-30T11:00:00.5%2B01:00", "2026-11-30T10:00:00Z wuff\n"},
		{"grep=f$", "2026-11-30T10:00:00Z wuff\n"},
	} {
		_, body := requestLogs(t, in, tt.options, "ghost", "", "dog", "")
		if p, _ := readPiece(t, body); p.Log != 0 || p.Error != "no such process" {
			t.Errorf("%s: got %+v", tt.options, p)
		}
		if p, text := readPiece(t, body); p.Log != 1 || text != tt.want || !p.Dated || p.Cut || p.Next == "" {
			t.Errorf("%s: got %+v and %q, want %q", tt.options, p, text, tt.want)
		}
		if _, err := body.ReadByte(); err != io.EOF {
			t.Errorf("%s: after the last log: %v", tt.options, err)
		}
	}
}

func TestFollowedLines(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	fmt.Fprint(in.files.cats, "before\n")
	_, body := requestLogs(t, in, "", "cat", "")
	p, text := readPiece(t, body)
	if text != "before\n" {
		t.Fatalf("got %q", text)
	}
	fmt.Fprint(in.files.cats, "between\n")
	_, body = requestLogs(t, in, "follow=1", "cat", p.Next)
	var got strings.Builder
	var want strings.Builder
	want.WriteString("between\n")
	for i := range 30 { // the log is rotated meanwhile
		if i < 10 {
			line := fmt.Sprintf("this is line %d of a log\n", i)
			want.WriteString(line)
			fmt.Fprint(in.files.cats, line)
		}
		for got.Len() < want.Len() {
			p, text = readPiece(t, body)
			if p.Lost || p.Error != "" {
				t.Fatalf("got %+v", p)
			}
			got.WriteString(text)
		}
	}
	if got.String() != want.String() {
		t.Errorf("got %q, want %q", got.String(), want.String())
	}
	in.streams.stop() // as an upgrade does
	if _, err := body.ReadByte(); err != io.EOF {
		t.Errorf("after the end of all streams: %v", err)
	}
}

func TestBadLineRequests(t *testing.T) {
	t.Parallel()
	in := serve(t, nil, nil)
	for _, query := range []string{
		"", "log=cat", "log=stdin,,cat", "log=stdout,x,cat", "log=stdout,,cat&lines=-1", "log=stdout,,cat&since=now",
		"log=stdout,,cat&until=12", "log=stdout,,cat&grep=(",
	} {
		if resp, _ := in.request(t, "GET /logs?"+query+" HTTP/1.1\r\nHost: x\r\n\r\n"); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: status %d", query, resp.StatusCode)
		}
	}
	if resp, _ := in.request(t, "POST /logs?log=stdout,,cat HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST: status %d", resp.StatusCode)
	}
}
