package cmdline_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"supervisor/supervisord/config/cmdline"
	"supervisor/supervisord/config/getopt"
)

func newProgram(out *bytes.Buffer, run func(cmdline.Values, []string) error) *cmdline.Program {
	return &cmdline.Program{
		Name:     "/bin/it",
		Summary:  "it -- does it.",
		Synopsis: " [word]",
		Notes:    "That is all.\n",
		Options: []getopt.Option{
			{Long: "help", Short: "h?", Help: "this"},
			{Long: "file", Short: "f", Arg: "FILENAME", Help: "use it"},
			{Long: "loud", Help: "make {{noise}}"},
		},
		Stdout: out, Stderr: out, Run: run,
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgram(&out, func(cmdline.Values, []string) error { return errors.New("has run") })
	if err := p.Execute([]string{"--loud", "--help"}); err != nil {
		t.Error(err)
	}
	const want = `it -- does it.

Usage: /bin/it [options] [word]

Options:
-h/-?/--help -- this
-f/--file FILENAME -- use it
--loud -- make {{noise}}
That is all.

`
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args        []string
		file        string
		set, isLoud bool
		words       []string
	}{
		{nil, "", false, false, nil},
		{[]string{"--file=a b"}, "a b", true, false, nil},
		{[]string{"--file="}, "", true, false, nil},
		{[]string{"--loud", "--file=-x", "--", "-a", "b"}, "-x", true, true, []string{"-a", "b"}},
	} {
		var out bytes.Buffer
		want := errors.New("its own")
		err := newProgram(&out, func(v cmdline.Values, words []string) error {
			if v.String("file") != tt.file || v.IsSet("file") != tt.set || v.Bool("loud") != tt.isLoud || !slices.Equal(words, tt.words) {
				t.Errorf("%q: %q %v %v %q", tt.args, v.String("file"), v.IsSet("file"), v.Bool("loud"), words)
			}
			return want
		}).Execute(tt.args)
		if err != want || out.Len() > 0 {
			t.Errorf("%q: %v, said %q", tt.args, err, out.String())
		}
	}
}
