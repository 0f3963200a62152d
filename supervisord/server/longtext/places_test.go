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

func plain() Escaper {
	return func(dst []byte, piece string, _ bool) []byte {
		return append(dst, strings.ReplaceAll(piece, "<", "&lt;")...)
	}
}

func logOf(t testing.TB, size int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Repeat("a line with a < in it\n", size/22+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func excerptOf(t testing.TB, path string) logs.Excerpt {
	t.Helper()
	e, err := logs.ReadExcerpt(path, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExcerptsStandInTheirPlaces(t *testing.T) {
	t.Parallel()
	path := logOf(t, 300<<10)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var p Places
	long, short := p.Put(excerptOf(t, path)), p.Put(logs.Literal("short"))
	encoded := []byte("[" + long + "|" + short + "|" + p.Put(excerptOf(t, path)) + "]")
	w := httptest.NewRecorder()
	if err := p.Send(w, encoded, plain); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "<", "&lt;")
	if got, want := w.Body.String(), "["+text+"|short|"+text+"]"; got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	if got := w.Header().Get("Content-Length"); got != strconv.Itoa(w.Body.Len()) {
		t.Errorf("the head tells of %s bytes, there are %d", got, w.Body.Len())
	}
}

// TestALogThatGoesAwayIsAFailure before anything has been sent.
func TestALogThatGoesAwayIsAFailure(t *testing.T) {
	t.Parallel()
	path := logOf(t, 300<<10)
	var p Places
	mark := p.Put(excerptOf(t, path))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := p.Send(w, []byte(mark), plain); err == nil || w.Body.Len() > 0 {
		t.Errorf("got %v and %d bytes", err, w.Body.Len())
	}
}

// changing is a client in whose first write something happens.
type changing struct {
	*httptest.ResponseRecorder
	first func() error
	once  sync.Once
}

func (c *changing) Write(p []byte) (n int, err error) {
	c.once.Do(func() { err = c.first() })
	if err != nil {
		return 0, err
	}
	return c.ResponseRecorder.Write(p)
}

// TestALogThatIsCutWhileItIsSent ends the connection: the client must not take what it
// has got for all.
func TestALogThatIsCutWhileItIsSent(t *testing.T) {
	t.Parallel()
	path := logOf(t, 300<<10)
	var p Places
	mark := p.Put(excerptOf(t, path))
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("got %v", v)
		}
	}()
	_ = p.Send(&changing{ResponseRecorder: httptest.NewRecorder(), first: func() error { return os.Truncate(path, 100<<10) }}, []byte(mark), plain)
	t.Error("it was sent")
}

func TestAClientThatHangsUpEndsTheReading(t *testing.T) {
	t.Parallel()
	var p Places
	mark := p.Put(excerptOf(t, logOf(t, 300<<10)))
	w := &changing{ResponseRecorder: httptest.NewRecorder(), first: func() error { return errors.New("broken pipe") }}
	if err := p.Send(w, []byte(mark), plain); err != nil {
		t.Error(err)
	}
}

// nowhere is a client that takes everything.
type nowhere struct{ head http.Header }

func (n nowhere) Header() http.Header         { return n.head }
func (n nowhere) WriteHeader(int)             {}
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }

// TestALongLogIsNotInMemory: of a log a hundred times as long no more is in memory at
// once. Counted is what is in use after each piece.
func TestALongLogIsNotInMemory(t *testing.T) {
	path := logOf(t, 20<<20)
	var p Places
	mark := p.Put(excerptOf(t, path))
	var most uint64
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n := inUse(), 0
	escaper := func() Escaper {
		next := plain()
		return func(dst []byte, piece string, last bool) []byte {
			if n++; n%50 == 0 {
				most = max(most, inUse())
			}
			return next(dst, piece, last)
		}
	}
	if err := p.Send(nowhere{make(http.Header)}, []byte(mark), escaper); err != nil {
		t.Fatal(err)
	}
	if most == 0 || most > before+2<<20 {
		t.Errorf("%d bytes are in use, %d before", most, before)
	}
}
