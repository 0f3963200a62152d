package option

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/tools/testkit"
)

func errorResult(err error) any { return map[string]any{"error": err.Error()} }

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
				got = errorResult(err)
			}
			want := p.Call(t, name, s)
			if _, refused := want.(map[string]any); refused && err != nil && name == "octal" {
				continue // its error text is Supervisor's, not Python's
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s(%q) (-python +ours):\n%s", name, s, diff)
			}
		}
	}
}
