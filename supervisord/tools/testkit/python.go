package testkit

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
)

// oracle reads a JSON array [function, argument] from each line and writes the result,
// in JSON.
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
    'bytes': lambda s: repr(s.encode()),
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

// Python is a Python process that runs the functions of oracle.
type Python struct {
	stdin  io.WriteCloser
	stdout *bufio.Reader
}

// StartPython starts a Python until the end of the test. It skips the test if python3 is
// not installed, or so new that its error texts differ.
func StartPython(t *testing.T) *Python {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("NOT COMPARED WITH PYTHON: there is no python3 here")
	}
	cmd := exec.Command(path, "-c", oracle)
	cmd.Stderr = os.Stderr
	p := new(Python)
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

// Call calls a function of oracle. The result is JSON read into an any: {"error": text}
// for an exception, and {"unknown": key} for a KeyError.
func (p *Python) Call(t *testing.T, function, argument string) (answer any) {
	t.Helper()
	request, err := json.Marshal([]string{function, argument})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.stdin.Write(append(request, '\n')); err != nil {
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

// Rounds is the number of random texts in a comparison with Python:
// SUPERVISOR_PYTHON_ROUNDS, or 20,000.
func Rounds(t *testing.T) int {
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

// RandomText joins up to n random pieces.
func RandomText(rnd *rand.Rand, n int, pieces ...string) string {
	var b strings.Builder
	for range rnd.IntN(n + 1) {
		b.WriteString(pieces[rnd.IntN(len(pieces))])
	}
	return b.String()
}
