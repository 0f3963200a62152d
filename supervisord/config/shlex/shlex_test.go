package shlex

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var splitTests = []struct {
	text string
	want []string
	err  error
}{
	{"", nil, nil},
	{"  \t\r\n ", nil, nil},
	{"/bin/cat -u", []string{"/bin/cat", "-u"}, nil},
	{"a\nb\tc\rd", []string{"a", "b", "c", "d"}, nil},
	{`one "two three" 'four "five"' six\ seven`, []string{"one", "two three", `four "five"`, "six seven"}, nil},
	{`"a\"b" "a\\b" "a\b"`, []string{`a"b`, `a\b`, `a\b`}, nil},
	{`a"b"'c'd`, []string{"abcd"}, nil},
	{`'' "" x''`, []string{"", "", "x"}, nil},
	{`$HOME * ~ # ; a#b`, []string{"$HOME", "*", "~", "#", ";", "a#b"}, nil},
	{"a\vb\u00a0c", []string{"a\vb\u00a0c"}, nil},
	{"\\\n", []string{"\n"}, nil},
	{"\xff \xfe\"\xfd\"", []string{"\xff", "\xfe\xfd"}, nil},
	{`'open`, nil, ErrQuotation},
	{`"open`, nil, ErrQuotation},
	{`"open\"`, nil, ErrQuotation},
	{`open\`, nil, ErrEscape},
	{`"open\`, nil, ErrEscape},
	{`'a\'b'`, nil, ErrQuotation},
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range splitTests {
		got, err := Split(tt.text)
		if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
			t.Errorf("Split(%q): error %v, want %v; words %s", tt.text, err, tt.err, diff)
		}
	}
}

var tokenTests = []struct {
	text string
	want []string
	err  error
}{
	{"", nil, nil},
	{"A=1,B=2", []string{"A", "=", "1", ",", "B", "=", "2"}, nil},
	{`A="1,2" B='x y'`, []string{"A", "=", "1,2", "B", "=", "x y"}, nil},
	{"A=/usr/bin:/b.c+d-e(f)_", []string{"A", "=", "/usr/bin:/b.c+d-e(f)_"}, nil},
	{`A="a\"b"`, []string{"A", "=", `a"b`}, nil},
	{`A=a"b"c`, []string{"A", "=", "abc"}, nil},
	{`A=a\,b`, []string{"A", "=", "a,b"}, nil},
	{`A=""`, []string{"A", "=", ""}, nil},
	{`"",`, []string{"", ","}, nil},
	{"A=foo#bar,B=2\nC=3", []string{"A", "=", "foo", "C", "=", "3"}, nil},
	{"#only", nil, nil},
	{"A=http://x/?y", []string{"A", "=", "http://x/", "?", "y"}, nil},
	{"A=$HOME", []string{"A", "=", "$", "HOME"}, nil},
	{"A=é×漢", []string{"A", "=", "é", "×", "漢"}, nil},
	{"A=\xff", []string{"A", "=", "\xff"}, nil},
	{"A=\v", []string{"A", "=", "\v"}, nil},
	{`A="unclosed`, nil, ErrQuotation},
	{`A=x\`, nil, ErrEscape},
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, tt := range tokenTests {
		got, err := Tokens(tt.text)
		if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
			t.Errorf("Tokens(%q): error %v, want %v; tokens %s", tt.text, err, tt.err, diff)
		}
	}
}

// pythonScript answers one JSON string a line with the result of both functions.
const pythonScript = `
import json, shlex, sys
def attempt(f, s):
    try:
        return list(f(s))
    except ValueError as e:
        return str(e)
def tokens(s):
    lexer = shlex.shlex(s, posix=True)
    lexer.wordchars += '/.+-():'
    return lexer
for line in sys.stdin:
    s = json.loads(line)
    print(json.dumps([attempt(shlex.split, s), attempt(tokens, s)]), flush=True)
`

// TestLikePython compares both functions with the original on random texts
// with many special characters.
func TestLikePython(t *testing.T) {
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT COMPARED WITH PYTHON: there is no python3 here")
	}
	cmd := exec.Command(path, "-c", pythonScript)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(stdout)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		s := randomText(rnd)
		question, _ := json.Marshal(s)
		fmt.Fprintf(stdin, "%s\n", question)
		answer, err := answers.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		if got := goResult(t, s); got+"\n" != string(answer) {
			t.Fatalf("%q: got %s, Python says %s", s, got, answer)
		}
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func randomText(rnd *rand.Rand) string {
	alphabet := []rune("ab1 \t\n\r\v'\"\\#,=;/.:-é×ÿ漢\u00a0$%")
	text := make([]rune, rnd.IntN(14))
	for i := range text {
		text[i] = alphabet[rnd.IntN(len(alphabet))]
	}
	return string(text)
}

// goResult renders the results as Python's json.dumps does.
func goResult(t *testing.T, s string) string {
	var parts []string
	for _, f := range []func(string) ([]string, error){Split, Tokens} {
		words, err := f(s)
		if err != nil {
			parts = append(parts, pyJSON(err.Error()))
			continue
		}
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = pyJSON(w)
		}
		parts = append(parts, "["+strings.Join(quoted, ", ")+"]")
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func pyJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

func FuzzSplit(f *testing.F) {
	for _, tt := range splitTests {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		words, err := Split(s)
		if err != nil {
			return
		}
		// Quoted words must be split into the same words.
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'"'"'`) + "'"
		}
		again, err := Split(strings.Join(quoted, " "))
		if err != nil || !cmp.Equal(words, again) {
			t.Fatalf("%q: %q became %q, %v", s, words, again, err)
		}
	})
}

func FuzzTokens(f *testing.F) {
	for _, tt := range tokenTests {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tokens, err := Tokens(s)
		if err != nil {
			return
		}
		quoted := make([]string, len(tokens))
		for i, w := range tokens {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'"'"'`) + "'"
		}
		again, err := Tokens(strings.Join(quoted, " "))
		if err != nil || !cmp.Equal(tokens, again) {
			t.Fatalf("%q: %q became %q, %v", s, tokens, again, err)
		}
	})
}
