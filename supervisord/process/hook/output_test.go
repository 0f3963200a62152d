package hook

import (
	"strings"
	"testing"
)

func TestLastLines(t *testing.T) {
	t.Parallel()
	b := &tailBuffer{log: discard{}}
	for text, want := range map[string]string{"": "", "a\nb\n\nc\r\n": "b; c", "a": "a", "\n": "", strings.Repeat("x", 5000) + "\n1\n2": "1; 2"} {
		b.tail = nil
		b.Write([]byte(text))
		if got := b.lastLines(); got != want {
			t.Errorf("%.10q: got %q, want %q", text, got, want)
		}
	}
}

// discard is a log that keeps nothing.
type discard struct{}

func (discard) Write([]byte) {}
