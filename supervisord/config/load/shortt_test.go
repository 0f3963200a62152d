package load

import (
	"strings"
	"testing"

	"supervisor/supervisord/config/source"
)

func TestShortT(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"-t":                 "test",
		"-t -c FILE":         "test",
		"-tc FILE":           "test",
		"-c FILE -t --json":  "test",
		"-t --strict":        "test",
		"-t --strict -n":     "strip_ansi",
		"--test -n":          "test",
		"-n -t -c FILE":      "strip_ansi",
		"-nkt":               "strip_ansi",
		"-t -e debug":        "strip_ansi",
		"-n --strip_ansi":    "strip_ansi",
		"-n -c FILE":         "",
		"-t -n --strip_ansi": "conflicting command line option '--strip_ansi'",
		"--strip_ansi -n -t": "conflicting command line option '-t'",
		"--strip_ansi -t":    "conflicting command line option '-t'",
		"-t -t":              "conflicting command line option '-t'",
	} {
		v, err := ParseCommandLine(strings.Fields(line), source.ThisHost())
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case v.Test:
			got = "test"
		case v.Overrides["strip_ansi"] == true:
			got = "strip_ansi"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
		if err == nil && strings.Contains(strings.Join(v.Args(), " "), "--test") != (want == "test") {
			t.Errorf("%s: written out as %q", line, v.Args())
		}
	}
}
