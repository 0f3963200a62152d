package python

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/tools/testkit"
)

func TestFormatKeepsOtherText(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("漢%%", 1000)
	got, err := Format(text, func(string) (any, bool) { return nil, false })
	if want := strings.ReplaceAll(text, "%%", "%"); got != want || err != nil {
		t.Errorf("error %v", err)
	}
}

func TestFormatLikePython(t *testing.T) {
	t.Parallel()
	p := testkit.StartPython(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	names := map[string]any{"here": "/h", "word": "it's", "char": "é", "a(b)c": "", "num": 7, "neg": -300}
	lookup := func(name string) (any, bool) { v, ok := names[name]; return v, ok }
	for range testkit.Rounds(t) {
		text := testkit.RandomText(rnd, 9, "%", "%", "%(here)", "%(word)", "%(char)", "%(num)", "%(neg)", "%(num)", "%(a(b)c)", "%(nope)", "(", ")",
			"s", "s", "d", "d", "r", "a", "c", "i", "u", "o", "x", "X", "e", "f", "g", "G", "b", "z", "é", "0", "0", "2", "5", "12", ".", ".3",
			"-", "+", " ", "#", "*", "h", "l", "text")
		var got any
		s, err := Format(text, lookup)
		got = s
		if name, ok := err.(UnknownName); ok {
			got = map[string]any{"unknown": string(name)}
		} else if err != nil {
			got = map[string]any{"error": err.Error()}
			if strings.HasSuffix(err.Error(), "without a name") || strings.HasSuffix(err.Error(), "too big") {
				continue // Python shows the whole dictionary, or fills the memory
			}
		}
		if diff := cmp.Diff(p.Call(t, "format", text), got); diff != "" {
			t.Fatalf("%q (-python +ours):\n%s", text, diff)
		}
	}
}
