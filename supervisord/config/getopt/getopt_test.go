package getopt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func table() []Option {
	return []Option{
		{Long: "help", Short: "h?"},
		{Long: "configuration", Short: "c", Arg: "FILE"},
		{Long: "nodaemon", Short: "n"},
		{Long: "nocleanup", Short: "k"},
		{Long: "logfile", Short: "l", Arg: "FILE"},
		{Long: "logfile_maxbytes", Short: "y", Arg: "BYTES"},
		{Long: "minprocs", Arg: "NUM"},
		{Long: "history_file", Aliases: []string{"history-file"}, Short: "r", Arg: "FILE"},
		{Short: "é"},
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args string // separated by single blanks
		want string // form=value, words after a bar
	}{
		{"nothing", "", ""},
		{"short with the next word", "-c x", "-c=x"},
		{"short with the rest of the word", "-cx", "-c=x"},
		{"bundle", "-nk", "-n -k"},
		{"bundle that ends in an argument", "-nc FILE", "-n -c=FILE"},
		{"bundle with the argument glued on", "-ncFILE", "-n -c=FILE"},
		{"an equals sign belongs to a short option's argument", "-c=x", "-c==x"},
		{"argument that looks like an option", "-c -n", "-c=-n"},
		{"long with equals sign", "--configuration=a=b", "--configuration=a=b"},
		{"long with the next word", "--configuration x", "--configuration=x"},
		{"long with an empty value", "--configuration=", "--configuration="},
		{"unique prefix is written out", "--conf=x --nod", "--configuration=x --nodaemon"},
		{"whole name that is a prefix of another", "--logfile=x", "--logfile=x"},
		{"prefix of two spellings of one option", "--his=x", "--history_file=x"},
		{"another spelling", "--history-file=x", "--history-file=x"},
		{"question mark", "-?", "-?"},
		{"not ASCII", "-né", "-n -é"},
		{"repeated", "-n --nodaemon", "-n --nodaemon!"},
		{"first word ends the options", "-n status -k", "-n | status -k"},
		{"a lone dash is a word", "- -n", "| - -n"},
		{"two dashes end the options", "-n -- -k", "-n | -k"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			given, rest, err := Parse(table(), strings.Fields(tt.args))
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(given, rest); got != tt.want {
				t.Errorf("Parse(%q) = %q, want %q", tt.args, got, tt.want)
			}
		})
	}
}

func describe(given []Given, rest []string) string {
	var words []string
	for _, g := range given {
		w := g.Form
		if g.Option.Arg != "" {
			w += "=" + g.Value
		}
		if g.Repeated {
			w += "!"
		}
		words = append(words, w)
	}
	if len(rest) > 0 {
		words = append(append(words, "|"), rest...)
	}
	return strings.Join(words, " ")
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--bad":          "option --bad not recognized",
		"--bad=x":        "option --bad not recognized",
		"-Z":             "option -Z not recognized",
		"-nZ":            "option -Z not recognized",
		"-:":             "option -: not recognized",
		"--log=x":        "option --log not a unique prefix",
		"--=x":           "option -- not a unique prefix",
		"--no":           "option --no not a unique prefix",
		"-c":             "option -c requires argument",
		"-nc":            "option -c requires argument",
		"--conf":         "option --configuration requires argument",
		"--nodaemon=yes": "option --nodaemon must not have an argument",
		"--nod=":         "option --nodaemon must not have an argument",
	} {
		if _, _, err := Parse(table(), strings.Fields(args)); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): error %v, want %s", args, err, want)
		}
	}
}

func TestConflictNamesTheSecondForm(t *testing.T) {
	t.Parallel()
	given, _, err := Parse(table(), []string{"-n", "--nodaemon"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := given[1].Conflict().Error(), "conflicting command line option '--nodaemon'"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestArgs(t *testing.T) {
	t.Parallel()
	given, rest, err := Parse(table(), []string{"-nc", "a b", "-?", "--mi=", "tail", "-f", "--"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"--nodaemon", "--configuration=a b", "--help", "--minprocs=", "--", "tail", "-f", "--"}
	if diff := cmp.Diff(want, Args(given, rest)); diff != "" {
		t.Error(diff)
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]Option{"long": {Long: "long", Short: "l"}, "é": {Short: "éx"}} {
		if got := o.Name(); got != want {
			t.Errorf("Name of %+v = %q, want %q", o, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"-nc\nx", "--conf=x\ny", "-\n--", "-n\n--\n-k", "--=\n", "-\xff", "-né"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		given, rest, err := Parse(table()[:8], strings.Split(text, "\n"))
		if err != nil {
			return
		}
		// The options, written in the plain form, must be read in the same way.
		again, words, err := Parse(table()[:8], Args(given, rest))
		if err != nil {
			t.Fatalf("%q: written out: %v", text, err)
		}
		if len(again) != len(given) || strings.Join(words, "\n") != strings.Join(rest, "\n") {
			t.Fatalf("%q: %v %q became %v %q", text, given, rest, again, words)
		}
		for i := range given {
			if again[i].Option != nil && again[i].Option.Long != given[i].Option.Long || again[i].Value != given[i].Value {
				t.Fatalf("%q: option %d: %+v became %+v", text, i, given[i], again[i])
			}
		}
	})
}
