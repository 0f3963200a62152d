package config

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/testkit"
)

func failure(err error) any { return map[string]any{"error": err.Error()} }

func TestDialectLikePython(t *testing.T) {
	t.Parallel()
	p := testkit.StartPython(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range testkit.Rounds(t) {
		text := testkit.RandomText(rnd, 40,
			"[a]\n", "[b]\n", "[DEFAULT]\n", "[program:x.y]\n", "[", "]", "\n", "\n", "\n", "\n", "\r\n", "\r", " ", " ", "\t",
			"x", "y", "X", "É", "İ", "-", ".", "=", "=", ":", ";", "#", " ;", " #", "\t;", "1", "2", "\"", "'", "`", "\"\"\"", "\\", "\\\n",
			"%", "%(x)s", "\u00a0", "\v", "\f", "\x1c", "\u2028", "\u0085", "+", "key=value\n", "  more\n", "漢", "\x00", "\x1b", "😀")
		text = strings.TrimPrefix(text, "\ufeff")
		want := p.Ask(t, "dialect", text)
		if diff := cmp.Diff(want, understood(text)); diff != "" {
			t.Fatalf("%q (-python +ours):\n%s", text, diff)
		}
	}
}

// understood shows what was read of a file as the oracle does.
func understood(text string) any {
	file, records, err := parse(text, "x.conf")
	if err != nil {
		return failure(err)
	}
	tab := newTable()
	tab.merge(file, records, "x.conf", false)
	options := func(section string) []any {
		list := []any{}
		for _, k := range tab.file.Section(encode(section)).Keys() {
			list = append(list, []any{decode(k.Name()), decode(k.Value())})
		}
		return list
	}
	result := []any{}
	for _, section := range tab.sections() {
		result = append(result, []any{section, options(section)})
	}
	return append(result, options(defaultSection))
}

func TestNumbersLikePython(t *testing.T) {
	t.Parallel()
	p := testkit.StartPython(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	for name, f := range map[string]func(string) (string, error){
		"int":   func(s string) (string, error) { n, err := integer(s); return strconv.Itoa(n), err },
		"octal": func(s string) (string, error) { n, err := octal(s); return strconv.Itoa(n), err },
		"size":  func(s string) (string, error) { n, err := byteSize(s); return strconv.FormatInt(n, 10), err },
	} {
		for range testkit.Rounds(t) / 4 {
			s := testkit.RandomText(rnd, 7, "0", "1", "7", "8", "9", "12", "_", "+", "-", " ", "\t", "\u00a0", "\u3000", "\x1f", "0o", "0O",
				"k", "B", "kb", "MB", "Gb", "x", "é", "'", "\\", "\n", "\u200b", ".", "漢")
			n, err := f(s)
			got := any(n)
			if err != nil {
				got = failure(err)
			}
			want := p.Ask(t, name, s)
			if _, refused := want.(map[string]any); refused && err != nil && name == "octal" {
				continue // its error text is Supervisor's, not Python's
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s(%q) (-python +ours):\n%s", name, s, diff)
			}
		}
	}
}
