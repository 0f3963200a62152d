package inifile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"supervisor/supervisord/config/python"
)

// FuzzParse: the same is read from the records, written in the plain form.
func FuzzParse(f *testing.F) {
	archives, err := filepath.Glob("../load/testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, path := range archives {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		_, text, _ = bytes.Cut(text, []byte(" --\n"))
		f.Add(string(text))
	}
	f.Add("[a]\nx=1\n\n  2\n; c\n  3\n[-]\n-=-\n.=`\"")
	f.Fuzz(func(t *testing.T, text string) {
		tab := New(nil)
		if err := tab.Add(text, "x.conf", false); err != nil {
			return
		}
		for _, section := range tab.Sections() {
			for _, option := range tab.Options(section) {
				value, ok := tab.Get(section, option)
				if !ok || !utf8.ValidString(value) || strings.TrimRightFunc(value, python.IsSpace) != value {
					t.Fatalf("[%q] %q = %q, %v", section, option, value, ok)
				}
			}
		}
	})
}
