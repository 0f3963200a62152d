package action

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, name, arg string }{
		{"status", "status", ""},
		{"status one  two", "status", "one  two"},
		{"status;pid", "status", ";pid"},
		{"tail-f x", "tail", "-f x"},
		{"_a1Z é", "_a1Z", "é"},
		{"é", "", "é"},
		{"!ls", "", "!ls"},
		{"?", "help", ""},
		{"? status", "help", "status"},
		{"?status", "help", "status"},
	} {
		if name, arg := split(tt.line); name != tt.name || arg != tt.arg {
			t.Errorf("split(%q) = %q, %q, want %q, %q", tt.line, name, arg, tt.name, tt.arg)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"status", "status;pid", "?x", "!", " é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		name, arg := split(line)
		if arg != strings.TrimSpace(arg) {
			t.Errorf("%q: argument %q is not trimmed", line, arg)
		}
		if line != "" && line[0] != '?' && !strings.HasPrefix(line, name) {
			t.Errorf("%q: action %q", line, name)
		}
		if again, _ := split(name); again != name {
			t.Errorf("%q: action %q is not one word", line, name)
		}
	})
}

func TestColumns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		words string
		width int
		want  string
	}{
		{"", 10, ""},
		{"one", 1, "one\n"},
		{"a bb c", 20, "a  bb  c\n"},
		{"a bb c", 7, "a   c\nbb\n"},
		{"a b c d e", 7, "a  c  e\nb  d\n"},
		{"long longer", 3, "long  \nlonger\n"},
	} {
		if got := columns(strings.Fields(tt.words), tt.width); got != tt.want {
			t.Errorf("columns(%q, %d) = %q, want %q", tt.words, tt.width, got, tt.want)
		}
	}
}

func TestParseTimeout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"10": "10s", "500ms": "500ms", "1m30s": "1m30s", "soon": "", "0": "", "-1s": "", "500h": ""} {
		got, err := ParseTimeout(text)
		if (err != nil) != (want == "") || err == nil && got.String() != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}
