package config

import (
	"bufio"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oracle answers a JSON array [function, argument] on each line by what Python
// makes of it.
const oracle = `
import configparser, io, json, os, sys
class Parser(configparser.RawConfigParser):
    def __init__(self):
        super().__init__(inline_comment_prefixes=(';', '#'), strict=False)
def dialect(text):
    p = Parser()
    p.read_file(io.StringIO(text, newline=None), 'x.conf')
    return [[s, list(map(list, p._sections[s].items()))] for s in p.sections()] + [list(map(list, p._defaults.items()))]
NAMES = {'here': '/h', 'word': "it's", 'char': 'é', 'a(b)c': '', 'num': 7, 'neg': -300}
def size(s):
    s = s.lower()
    for suffix, factor in (('kb', 1024), ('mb', 1024**2), ('gb', 1024**3)):
        if s.endswith(suffix):
            return int(s[:-2]) * factor
    return int(s)
FUNCTIONS = {
    'dialect': dialect,
    'format': lambda s: s % NAMES,
    'repr': repr,
    'int': lambda s: str(int(s)),
    'octal': lambda s: str(int(s, 8)),
    'size': lambda s: str(size(s)),
    'strip': str.strip,
    'dirname': os.path.dirname,
    'abspath': lambda s: os.path.normpath(os.path.join('/c/w', s)),
}
print(json.dumps(sys.version_info[:2] < (3, 13)), flush=True)
for line in sys.stdin:
    function, argument = json.loads(line)
    try:
        answer = FUNCTIONS[function](argument)
    except KeyError as e:
        answer = {'unknown': e.args[0]}
    except Exception as e:
        answer = {'error': str(e)}
    print(json.dumps(answer), flush=True)
`

// python is a running oracle.
type python struct {
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// startPython starts the oracle, or skips the test where there is none.
func startPython(t *testing.T) *python {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT COMPARED WITH PYTHON: there is no python3 here")
	}
	cmd := exec.Command(path, "-c", oracle)
	cmd.Stderr = os.Stderr
	p := new(python)
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("oracle: %v", err)
		}
	})
	if line, err := p.stdout.ReadString('\n'); err != nil || line != "true\n" {
		t.Skipf("NOT COMPARED WITH PYTHON: python3 is too new, its error texts changed (%q, %v)", line, err)
	}
	return p
}

func (p *python) ask(t *testing.T, function, argument string) (answer any) {
	t.Helper()
	question, err := json.Marshal([]string{function, argument})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.stdin.Write(append(question, '\n')); err != nil {
		t.Fatal(err)
	}
	line, err := p.stdout.ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// rounds is how many random texts each comparison tries.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SUPERVISOR_PYTHON_ROUNDS")
	if text == "" {
		return 20000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// randomText strings up to n pieces together.
func randomText(rnd *rand.Rand, n int, pieces ...string) string {
	var b strings.Builder
	for range rnd.IntN(n + 1) {
		b.WriteString(pieces[rnd.IntN(len(pieces))])
	}
	return b.String()
}

func failure(err error) any { return map[string]any{"error": err.Error()} }

func TestDialectLikePython(t *testing.T) {
	t.Parallel()
	p := startPython(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range rounds(t) {
		text := randomText(rnd, 40,
			"[a]\n", "[b]\n", "[DEFAULT]\n", "[program:x.y]\n", "[", "]", "\n", "\n", "\n", "\n", "\r\n", "\r", " ", " ", "\t",
			"x", "y", "X", "É", "İ", "-", ".", "=", "=", ":", ";", "#", " ;", " #", "\t;", "1", "2", "\"", "'", "`", "\"\"\"", "\\", "\\\n",
			"%", "%(x)s", "\u00a0", "\v", "\f", "\x1c", "\u2028", "\u0085", "+", "key=value\n", "  more\n", "漢", "\x00", "\x1b", "😀")
		text = strings.TrimPrefix(text, "\ufeff")
		want := p.ask(t, "dialect", text)
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

func TestFormatLikePython(t *testing.T) {
	t.Parallel()
	p := startPython(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	names := map[string]any{"here": "/h", "word": "it's", "char": "é", "a(b)c": "", "num": 7, "neg": -300}
	lookup := func(name string) (any, bool) { v, ok := names[name]; return v, ok }
	for range rounds(t) {
		text := randomText(rnd, 9, "%", "%", "%(here)", "%(word)", "%(char)", "%(num)", "%(neg)", "%(num)", "%(a(b)c)", "%(nope)", "(", ")",
			"s", "s", "d", "d", "r", "a", "c", "i", "u", "o", "x", "X", "e", "f", "g", "G", "b", "z", "é", "0", "0", "2", "5", "12", ".", ".3",
			"-", "+", " ", "#", "*", "h", "l", "text")
		var got any
		s, err := format(text, lookup)
		got = s
		if name, ok := err.(unknownName); ok {
			got = map[string]any{"unknown": string(name)}
		} else if err != nil {
			got = failure(err)
			if strings.HasSuffix(err.Error(), "without a name") || strings.HasSuffix(err.Error(), "too big") {
				continue // Python shows the whole dictionary, or fills the memory
			}
		}
		if diff := cmp.Diff(p.ask(t, "format", text), got); diff != "" {
			t.Fatalf("%q (-python +ours):\n%s", text, diff)
		}
	}
}

func TestTextLikePython(t *testing.T) {
	t.Parallel()
	p := startPython(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	number := func(parse func(string) (string, error)) func(string) any {
		return func(s string) any {
			n, err := parse(s)
			if err != nil {
				return failure(err)
			}
			return n
		}
	}
	for name, f := range map[string]func(string) any{
		"repr":    func(s string) any { return Repr(s) },
		"strip":   func(s string) any { return strip(s) },
		"dirname": func(s string) any { return dirname(s) },
		"abspath": func(s string) any { return absolute("/c/w", s) },
		"int":     number(func(s string) (string, error) { n, err := integer(s); return strconv.Itoa(n), err }),
		"size":    number(func(s string) (string, error) { n, err := byteSize(s); return strconv.FormatInt(n, 10), err }),
		"octal": func(s string) any {
			n, err := octal(s)
			if err != nil {
				return nil
			}
			return strconv.Itoa(n)
		},
	} {
		for range rounds(t) / 4 {
			pieces := []string{"0", "1", "7", "9", "12", "_", "+", "-", " ", "\t", "\u00a0", "\u3000", "\x1f", "0o", "k", "B", "kb", "MB", "Gb", "x",
				"a", "é", "'", `"`, "\\", "\n", "\u200b", "\x7f", "\u00ad", "/", "/", "..", ".", "漢", "😀"}
			s := randomText(rnd, 7, pieces...)
			want := p.ask(t, name, s)
			if _, isError := want.(map[string]any); isError && name == "octal" {
				want = nil // its error text is Supervisor's, not Python's
			}
			if diff := cmp.Diff(want, f(s)); diff != "" {
				t.Fatalf("%s(%q) (-python +ours):\n%s", name, s, diff)
			}
		}
	}
}
