package ctl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// asMain makes the test binary run as supervisorctl: on a terminal it needs a
// process of its own.
const asMain = "SUPERVISORCTL_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		os.Exit(Main(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

func TestOptionErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bare := filepath.Join(dir, "bare.conf")
	if err := os.WriteFile(bare, []byte("[supervisord]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.conf")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-Z", "-h"}, "option -Z not recognized"},
		{[]string{"-v"}, "option -v not recognized"},
		{[]string{"-u"}, "option -u requires argument"},
		{[]string{"--interactive=1"}, "option --interactive must not have an argument"},
		{[]string{"-i", "-i", "pid"}, "conflicting command line option '-i'"},
		{[]string{"-u", "", "--user=x"}, "conflicting command line option '--username'"},
		{[]string{"-s", "nonsense", "-h"}, "invalid value for -s 'nonsense': value 'nonsense' is not a URL"},
		{[]string{"--serverurl", "it's", "pid"}, `invalid value for --serverurl "it's": value "it's" is not a URL`},
		{[]string{"-c", missing, "pid"}, "could not find config file " + missing},
		{[]string{"-c", bare, "pid"}, ".ini file does not include supervisorctl section"},
	} {
		var out, errOut bytes.Buffer
		exit := Main(append([]string{"/bin/ctl"}, tt.args...), strings.NewReader(""), &out, &errOut)
		want := "Error: " + tt.want + "\nFor help, use /bin/ctl -h\n"
		if exit != 2 || out.String() != "" || errOut.String() != want {
			t.Errorf("%q: exit %d, stdout %q, stderr %q, want %q", tt.args, exit, out.String(), errOut.String(), want)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-h", "-?", "--help", "--he", "-i -h -Zrest", "-h status"} {
		var out, errOut bytes.Buffer
		exit := Main(append([]string{"/bin/ctl"}, strings.Fields(args)...), strings.NewReader(""), &out, &errOut)
		if strings.Contains(args, "Z") {
			if exit != 2 {
				t.Errorf("%s: exit %d, want 2", args, exit)
			}
			continue
		}
		const want = "supervisorctl -- control applications run by supervisord from the cmd line.\n\n" +
			"Usage: /bin/ctl [options] [action [arguments]]\n\nOptions:\n"
		if exit != 0 || errOut.String() != "" || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", args, exit, out.String(), errOut.String())
		}
		for _, o := range Options() {
			if !strings.Contains(out.String(), "--"+o.Long) {
				t.Errorf("%s: no --%s in the usage", args, o.Long)
			}
		}
	}
}

// TestActionOnCommandLine checks that options end at the first word, and that all
// words make up one line.
func TestActionOnCommandLine(t *testing.T) {
	t.Parallel()
	conf := filepath.Join(t.TempDir(), "ctl.conf")
	if err := os.WriteFile(conf, []byte("[supervisorctl]\nserverurl=unix:///nowhere/s.sock\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		exit int
		want string
	}{
		{[]string{"help", "-Z"}, 2, "Error: help: no such flag -Z; help has no flags (-- ends the flags)\n"},
		{[]string{"help nosuch"}, 0, "*** No help on nosuch\n"},
		{[]string{"--", "-Z"}, 1, "*** Unknown syntax: -Z\n"},
		{[]string{"help", "--", "--help"}, 0, "*** No help on --help\n"},
		{[]string{""}, 0, ""},
		{[]string{"pid"}, 7, "unix:///nowhere/s.sock no such file\n"},
		{[]string{"-s", "unix:///other/s.sock", "pid"}, 7, "unix:///other/s.sock no such file\n"},
		{[]string{"-s", "ftp://x", "status"}, 1, "error: Unknown protocol for serverurl ftp://x\n"},
		{[]string{"-i", "shutdown"}, 1, "Really shut the remote supervisord process down y/N? error: EOF when reading a line\n"},
	} {
		var out, errOut bytes.Buffer
		args := append([]string{"supervisorctl", "-c", conf}, tt.args...)
		exit := Main(args, strings.NewReader(""), &out, &errOut)
		if exit != tt.exit || out.String() != tt.want || errOut.String() != "" {
			t.Errorf("%q: exit %d, stdout %q, stderr %q, want %d, %q", tt.args, exit, out.String(), errOut.String(), tt.exit, tt.want)
		}
	}
}
