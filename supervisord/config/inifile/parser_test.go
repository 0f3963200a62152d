package inifile

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/tools/testkit"
)

func TestParseLikePython(t *testing.T) {
	t.Parallel()
	p := testkit.StartPython(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range testkit.Rounds(t) {
		text := testkit.RandomText(rnd, 40,
			"[a]\n", "[b]\n", "[DEFAULT]\n", "[program:x.y]\n", "[", "]", "\n", "\n", "\n", "\n", "\r\n", "\r", " ", " ", "\t",
			"x", "y", "X", "É", "İ", "-", ".", "=", "=", ":", ";", "#", " ;", " #", "\t;", "1", "2", "\"", "'", "`", "\"\"\"", "\\", "\\\n",
			"%", "%(x)s", "\u00a0", "\v", "\f", "\x1c", "\u2028", "\u0085", "+", "key=value\n", "  more\n", "漢", "\x00", "\x1b", "😀")
		text = strings.TrimPrefix(text, "\ufeff")
		want := p.Call(t, "dialect", text)
		if diff := cmp.Diff(want, parseResult(text)); diff != "" {
			t.Fatalf("%q (-python +ours):\n%s", text, diff)
		}
	}
}

// parseResult shows what was read in the form of the Python script.
func parseResult(text string) any {
	tab := New(nil)
	if err := tab.Add(text, "x.conf", false); err != nil {
		return map[string]any{"error": err.Error()}
	}
	options := func(section string) []any {
		list := []any{}
		for _, k := range tab.file.Section(section).Keys() {
			list = append(list, []any{k.Name(), k.Value()})
		}
		return list
	}
	result := []any{}
	for _, section := range tab.Sections() {
		result = append(result, []any{section, options(section)})
	}
	return append(result, options(defaultSection))
}
