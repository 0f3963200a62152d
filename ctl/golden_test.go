package ctl

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/ctl/session"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenCase is one run of supervisorctl against a scripted server.
type goldenCase struct {
	script []exchange
	words  []string // of the command line; none for the shell
	input  string
	text   string // the lines of the file up to the output

	terminal bool // the output is a terminal
}

// parseGolden reads a golden file. In it
//
//	# is a comment,
//	> METHOD ARGS -> ANSWER  is a call that the server expects,
//	$ WORDS                  is the command line, nothing for the shell,
//	< LINE                   is a line of input.
//
// In files whose names begin with "terminal" the output is a terminal. What follows up to "[exit N]" is the output; the error output is marked "!".
func parseGolden(text string) []goldenCase {
	var cases []goldenCase
	var c goldenCase
	inHead := true
	for line := range strings.Lines(text) {
		mark, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch {
		case strings.HasPrefix(line, "[exit "):
			cases = append(cases, c)
			c, inHead = goldenCase{}, true
			continue
		case mark == ">" && inHead:
			call, answer, _ := strings.Cut(rest, " -> ")
			c.script = append(c.script, exchange{call, answer})
		case mark == "$" && inHead:
			c.words = strings.Fields(rest)
		case mark == "<" && inHead:
			c.input += rest + "\n"
		case mark == "#" && inHead, line == "\n" && inHead && c.words == nil && c.input == "":
		default:
			inHead = false
			continue
		}
		if inHead {
			c.text += line
		}
	}
	return cases
}

func (c *goldenCase) run(t *testing.T) string {
	server := &scriptedServer{t: t, script: c.script}
	var out, errOut bytes.Buffer
	s := newTestSession(server.dial, &out, &errOut, session.Options{Interactive: len(c.words) == 0, Terminal: c.terminal})
	exit := s.Run(strings.NewReader(c.input), &out, c.words)
	if len(server.script) > 0 {
		t.Errorf("%v: calls not made: %v", c.words, server.script)
	}
	text := out.String()
	for line := range strings.Lines(errOut.String()) {
		text += "! " + line
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return c.text + text + fmt.Sprintf("[exit %d]\n", exit)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 {
		t.Fatalf("golden files: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, c := range parseGolden(string(want)) {
				c.terminal = strings.HasPrefix(filepath.Base(file), "terminal")
				got.WriteString(c.run(t))
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
