package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(asEcho) != "" {
		echo()
		return
	}
	goleak.VerifyTestMain(m)
}

// pipe returns the ends of a pipe, which the test closes.
func pipe(t *testing.T) (r, w *os.File) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func readAll(t *testing.T, sh *Shell) []string {
	var got []string
	for {
		line, err := sh.Prompt(t.Context(), "> ")
		if err == io.EOF {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
}

func TestPromptOnPlainInput(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		input string
		want  []string
	}{
		{"", nil},
		{"one\ntwo\n", []string{"one", "two"}},
		{"one\n\nno newline", []string{"one", "", "no newline"}},
		{strings.Repeat("x", 10000) + "\ny\n", []string{strings.Repeat("x", 10000), "y"}},
	} {
		r, w := pipe(t)
		go func() {
			io.WriteString(w, tt.input)
			w.Close()
		}()
		for _, in := range []io.Reader{strings.NewReader(tt.input), r} {
			var out bytes.Buffer
			got := readAll(t, New(in, &out, Options{Edit: true}))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%.20q (-want +got)\n%s", tt.input, diff)
			}
			if want := strings.Repeat("> ", len(tt.want)+1); out.String() != want {
				t.Errorf("%.20q: output %q, want %q", tt.input, out.String(), want)
			}
		}
	}
}

// TestInterruptedReadLosesNothing covers what fg depends on: when it stops
// waiting for a line, the shell continues with that line.
func TestInterruptedReadLosesNothing(t *testing.T) {
	t.Parallel()
	r, w := pipe(t)
	sh := New(r, io.Discard, Options{})
	if _, err := io.WriteString(w, "first\nsecond, "); err != nil {
		t.Fatal(err)
	}
	if line, err := sh.ReadLine(t.Context()); line != "first" || err != nil {
		t.Fatalf("ReadLine = %q, %v", line, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := sh.ReadLine(ctx)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v, want %v", err, ErrInterrupted)
	}
	if _, err := io.WriteString(w, "half\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := sh.ReadLine(t.Context()); line != "second, half" || err != nil {
		t.Errorf("ReadLine = %q, %v", line, err)
	}
}

func TestInterruptedPromptEndsTheLine(t *testing.T) {
	t.Parallel()
	r, _ := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	_, err := New(r, &out, Options{}).Prompt(ctx, "> ")
	if !errors.Is(err, ErrInterrupted) || out.String() != "> \n" {
		t.Errorf("error %v, output %q", err, out.String())
	}
}

func TestReadErrorIsReturned(t *testing.T) {
	t.Parallel()
	r, _ := pipe(t)
	r.Close()
	if _, err := New(r, io.Discard, Options{}).ReadLine(t.Context()); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("error %v from a closed file", err)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(file, []byte("old\r\n\nlast"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := history{file: file}
	h.load()
	for _, line := range []string{"last", "new", "new", "", "last"} {
		h.add(line)
	}
	if err := h.save(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if want := "old\nlast\nnew\nlast\n"; err != nil || string(got) != want {
		t.Errorf("history %q, %v, want %q", got, err, want)
	}
}

func TestPlainInputLeavesHistoryUnchanged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(file, []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh := New(strings.NewReader("new\n"), io.Discard, Options{Edit: true, HistoryFile: file})
	for _, line := range readAll(t, sh) {
		sh.AddHistory(line)
	}
	if err := sh.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); string(got) != "old\n" || err != nil {
		t.Errorf("history %q, %v", got, err)
	}
}

func TestUnwritableHistoryIsAnError(t *testing.T) {
	t.Parallel()
	sh := New(strings.NewReader(""), io.Discard, Options{HistoryFile: filepath.Join(t.TempDir(), "no", "such")})
	if err := sh.Close(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want %v", err, os.ErrNotExist)
	}
}

func TestCutWord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line             string
		pos              int
		head, word, tail string
	}{
		{"", 0, "", "", ""},
		{"sta", 3, "", "sta", ""},
		{"start we", 8, "start ", "we", ""},
		{"start web:a-1 x", 13, "start ", "web:a-1", " x"},
		{"start w:*", 9, "start ", "w:*", ""},
		{"open http://h", 13, "open http://", "h", ""},
		{"é ü", 3, "é ", "ü", ""},
		{"start web", 5, "", "start", " web"},
	} {
		head, word, tail := cutWord(tt.line, tt.pos)
		if head != tt.head || word != tt.word || tail != tt.tail {
			t.Errorf("cutWord(%q, %d) = %q, %q, %q", tt.line, tt.pos, head, word, tail)
		}
	}
}
