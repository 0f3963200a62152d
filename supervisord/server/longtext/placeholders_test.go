package longtext

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"supervisor/supervisord/logs"
)

func escapeLess() Escaper {
	return func(dst []byte, piece string, _ bool) []byte {
		return append(dst, strings.ReplaceAll(piece, "<", "&lt;")...)
	}
}

func writeLog(t testing.TB, size int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Repeat("a line with a < in it\n", size/22+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readExcerpt(t testing.TB, path string) logs.Excerpt {
	t.Helper()
	e, err := logs.ReadExcerpt(path, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPlaceholdersAreReplaced(t *testing.T) {
	t.Parallel()
	path := writeLog(t, 300<<10)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var p Placeholders
	long, short := p.Add(readExcerpt(t, path)), p.Add(logs.Literal("short"))
	encoded := []byte("[" + long + "|" + short + "|" + p.Add(readExcerpt(t, path)) + "]")
	w := httptest.NewRecorder()
	if err := p.Send(w, encoded, escapeLess); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "<", "&lt;")
	if got, want := w.Body.String(), "["+text+"|short|"+text+"]"; got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	if got := w.Header().Get("Content-Length"); got != strconv.Itoa(w.Body.Len()) {
		t.Errorf("Content-Length is %s, the body has %d bytes", got, w.Body.Len())
	}
}

// TestRemovedLogFails: a log that was removed fails before anything has been sent.
func TestRemovedLogFails(t *testing.T) {
	t.Parallel()
	path := writeLog(t, 300<<10)
	var p Placeholders
	token := p.Add(readExcerpt(t, path))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := p.Send(w, []byte(token), escapeLess); err == nil || w.Body.Len() > 0 {
		t.Errorf("got %v and %d bytes", err, w.Body.Len())
	}
}

// hookedRecorder calls first before its first write.
type hookedRecorder struct {
	*httptest.ResponseRecorder
	first func() error
	once  sync.Once
}

func (r *hookedRecorder) Write(p []byte) (n int, err error) {
	r.once.Do(func() { err = r.first() })
	if err != nil {
		return 0, err
	}
	return r.ResponseRecorder.Write(p)
}

// TestLogTruncatedWhileSent: the connection is closed, so that the client does not take
// the incomplete answer for a complete one.
func TestLogTruncatedWhileSent(t *testing.T) {
	t.Parallel()
	path := writeLog(t, 300<<10)
	var p Placeholders
	token := p.Add(readExcerpt(t, path))
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("got %v", v)
		}
	}()
	_ = p.Send(&hookedRecorder{ResponseRecorder: httptest.NewRecorder(), first: func() error { return os.Truncate(path, 100<<10) }}, []byte(token), escapeLess)
	t.Error("sent completely")
}

func TestClientDisconnectStopsReading(t *testing.T) {
	t.Parallel()
	var p Placeholders
	token := p.Add(readExcerpt(t, writeLog(t, 300<<10)))
	w := &hookedRecorder{ResponseRecorder: httptest.NewRecorder(), first: func() error { return errors.New("broken pipe") }}
	if err := p.Send(w, []byte(token), escapeLess); err != nil {
		t.Error(err)
	}
}

// discardResponse discards the answer.
type discardResponse struct{ head http.Header }

func (d discardResponse) Header() http.Header         { return d.head }
func (d discardResponse) WriteHeader(int)             {}
func (d discardResponse) Write(p []byte) (int, error) { return len(p), nil }

// TestLongLogUsesLittleMemory: sending a log of 20 MB uses less than 2 MB of memory at any
// time. The heap is measured after every fiftieth piece.
func TestLongLogUsesLittleMemory(t *testing.T) {
	path := writeLog(t, 20<<20)
	var p Placeholders
	token := p.Add(readExcerpt(t, path))
	var peak uint64
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n := inUse(), 0
	escaper := func() Escaper {
		next := escapeLess()
		return func(dst []byte, piece string, last bool) []byte {
			if n++; n%50 == 0 {
				peak = max(peak, inUse())
			}
			return next(dst, piece, last)
		}
	}
	if err := p.Send(discardResponse{make(http.Header)}, []byte(token), escaper); err != nil {
		t.Fatal(err)
	}
	if peak == 0 || peak > before+2<<20 {
		t.Errorf("%d bytes are in use, %d before", peak, before)
	}
}
