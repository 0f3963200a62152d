package health

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestOutputWatcher(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, pattern string
		pieces        []string
		want          bool
	}{
		{"in one piece", "^ready$", []string{"ready\n"}, true},
		{"in several", "^ready to serve$", []string{"starting\nrea", "dy", " to serve", "\n"}, true},
		{"unfinished", "ready", []string{"ready"}, false},
		{"another line", "^ready$", []string{"not ready\nalready\n"}, false},
		{"one of many", "listening on .*:80$", []string{"a\nb\nlistening on 0.0.0.0:80\nc\n"}, true},
		{"over lines", "a.*b", []string{"a\nb\n"}, false},
		{"in colours", "^ready to serve$", []string{"\x1b[1;32mready\x1b[0", "m to serve\n"}, true},
		{"an empty one", "^$", []string{"x\n\n"}, true},
		{"after a long one", "ready", []string{strings.Repeat("x", 3*maxLine), "y\nready\n"}, true},
		{"behind what is looked at", "ready", []string{strings.Repeat("x", maxLine) + "ready\n"}, false},
		{"at the beginning of a long one", "^ready", []string{"ready" + strings.Repeat("x", maxLine)}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			matched := 0
			l := &outputWatcher{pattern: regexp.MustCompile(tt.pattern), onMatch: func() { matched++ }}
			for _, piece := range tt.pieces {
				l.receive("stderr", []byte(piece))
				l.receive("stdout", []byte("x"))
			}
			if got := l.matched.Load(); got != tt.want || (matched == 1) != tt.want {
				t.Errorf("matched %v, told %d times", got, matched)
			}
			if n := len(l.stderr.text); n > maxLine {
				t.Errorf("%d bytes are kept", n)
			}
		})
	}
}

func FuzzOutputWatcher(f *testing.F) {
	f.Add([]byte("a\nready\n"), 3)
	f.Add([]byte("\x1b[1mready\x1b[0m\n"), 1)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		whole := &outputWatcher{pattern: regexp.MustCompile("ready|^$"), onMatch: func() {}}
		whole.receive("stdout", text)
		pieces := &outputWatcher{pattern: whole.pattern, onMatch: func() {}}
		cut = max(cut, 1)
		for rest := text; len(rest) > 0; {
			n := min(cut, len(rest))
			pieces.receive("stdout", rest[:n])
			rest = rest[n:]
		}
		if whole.matched.Load() != pieces.matched.Load() {
			t.Errorf("%q: %v in one piece, %v in pieces of %d", text, whole.matched.Load(), pieces.matched.Load(), cut)
		}
	})
}

// BenchmarkOutputWatcher measures a chunk with many short lines. Its cost must not
// grow with the square of the chunk.
func BenchmarkOutputWatcher(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 10, 1 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			chunk := []byte(strings.Repeat("line\n", size/5))
			l := &outputWatcher{pattern: regexp.MustCompile("^ready$"), onMatch: func() {}}
			b.SetBytes(int64(len(chunk)))
			for b.Loop() {
				l.receive("stdout", chunk)
			}
		})
	}
}

// TestLineBufferAllocations: a chunk is matched in place. Copying the rest of it for
// each line would cost the square of its size.
func TestLineBufferAllocations(t *testing.T) {
	allocated := func(lines int) float64 {
		chunk := []byte(strings.Repeat("line\n", lines))
		l := lineBuffer{text: make([]byte, 0, maxLine)}
		return testing.AllocsPerRun(10, func() { l.add(chunk, func([]byte) bool { return false }) })
	}
	if few, many := allocated(10), allocated(10_000); many > few {
		t.Errorf("%v allocations for 10 lines, %v for 10000", few, many)
	}
}
