package python

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/tools/testkit"
)

func TestRepr(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"plain": "'plain'", "it's": `"it's"`, `it's "x"`: `'it\'s "x"'`, "a\n\t\r\\": `'a\n\t\r\\'`, "\x1b\u200b\U000e0001é": `'\x1b\u200b\U000e0001é'`,
		"\xff": `'\udcff'`,
	} {
		if got := Repr(s); got != want {
			t.Errorf("Repr(%q) = %s, want %s", s, got, want)
		}
	}
	if diff := cmp.Diff(`['a', "b'c"]`, ReprList([]string{"a", "b'c"})); diff != "" {
		t.Error(diff)
	}
}

func TestReprBytes(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"plain": "b'plain'", "it's": `b"it's"`, `it's "x"`: `b'it\'s "x"'`, "a\n\t\r\\\x00\x7f": `b'a\n\t\r\\\x00\x7f'`, "é\xff": `b'\xc3\xa9\xff'`,
	} {
		if got := ReprBytes([]byte(s)); got != want {
			t.Errorf("ReprBytes(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestParseInt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		base int
		want int64
		ok   bool
	}{
		{" +1_000\n", 10, 1000, true},
		{"-0017", 10, -17, true},
		{"0o17", 8, 15, true},
		{"0O_17", 8, 15, true},
		{"99999999999999999999", 10, 1<<63 - 1, true},
		{"-99999999999999999999", 10, -1 << 63, true},
		{"0o17", 10, 0, false},
		{"8", 8, 0, false},
		{"1__0", 10, 0, false},
		{"_1", 10, 0, false},
		{"+-1", 10, 0, false},
		{"\x1f1", 10, 0, false},
		{"", 10, 0, false},
	} {
		if got, ok := ParseInt(tt.text, tt.base); got != tt.want || ok != tt.ok {
			t.Errorf("ParseInt(%q, %d) = %d, %v", tt.text, tt.base, got, ok)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, tt := range [][2]string{
		{Dirname("/a//b"), "/a"},
		{Dirname("//a"), "//"},
		{Dirname("a"), ""},
		{Join("/a/", "b"), "/a/b"},
		{Join("/a", "/b"), "/b"},
		{Join("", "b"), "b"},
		{Absolute("/c/w", "../x"), "/c/x"},
		{Absolute("/c/w", "//x/."), "//x"},
		{Absolute("/c/w", "///x"), "/x"},
	} {
		if tt[0] != tt[1] {
			t.Errorf("got %q, want %q", tt[0], tt[1])
		}
	}
}

func TestTextLikePython(t *testing.T) {
	t.Parallel()
	p := testkit.StartPython(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	for name, f := range map[string]func(string) string{
		"repr":    Repr,
		"bytes":   func(s string) string { return ReprBytes([]byte(s)) },
		"strip":   Strip,
		"dirname": Dirname,
		"abspath": func(s string) string { return Absolute("/c/w", s) },
	} {
		for range testkit.Rounds(t) / 4 {
			s := testkit.RandomText(rnd, 7, "0", "1", " ", "\t", "\u00a0", "\u3000", "\x1f", "x", "a", "é", "'", `"`, "\\", "\n", "\u200b",
				"\x7f", "\u00ad", "/", "/", "..", ".", "漢", "😀")
			if diff := cmp.Diff(p.Call(t, name, s), any(f(s))); diff != "" {
				t.Fatalf("%s(%q) (-python +ours):\n%s", name, s, diff)
			}
		}
	}
}
