package load

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source/sourcetest"
)

func TestParseCommandLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		want CommandLineValues
	}{
		{"", CommandLineValues{}},
		{"-c my.conf", CommandLineValues{Path: "my.conf"}},
		{"-nks", CommandLineValues{Overrides: section.Overrides{"nodaemon": true, "nocleanup": true, "silent": true}}},
		{"--strip", CommandLineValues{Overrides: section.Overrides{"strip_ansi": true}}},
		{"-t --json", CommandLineValues{Test: true, JSON: true}},
		{"-t", CommandLineValues{Test: true}},
		{"-t a.conf b.conf", CommandLineValues{Test: true, Files: []string{"a.conf", "b.conf"}}},
		{"--test a.conf --strict", CommandLineValues{Test: true, Files: []string{"a.conf", "--strict"}}},
		{"--ident=x -e Debug -y 1KB -z 3 -m 027 -a 9 --minprocs=8", CommandLineValues{Overrides: section.Overrides{
			"identifier": "x", "loglevel": option.LogLevel(10), "logfile_maxbytes": int64(1024), "logfile_backups": 3,
			"umask": 0o27, "minfds": 9, "minprocs": 8}}},
		{"-l x.log -j /tmp/pid -d ~ -q /tmp -u anybody", CommandLineValues{Overrides: section.Overrides{
			"logfile": "x.log", "pidfile": "/tmp/pid", "directory": "/home/me", "childlogdir": "/tmp", "user": "anybody"}}},
		{"--profile_options=cumulative", CommandLineValues{Overrides: section.Overrides{"profile_options": "cumulative"}}},
		{"-n --exit-on fatal,exit", CommandLineValues{Overrides: section.Overrides{"nodaemon": true, "exit_on": config.OnFatal | config.OnExit}}},
		{"-h -e nonsense", CommandLineValues{Help: true}},
		{"-?", CommandLineValues{Help: true}},
		{"--version --long", CommandLineValues{Version: true, Long: true}},
		{"--long -v", CommandLineValues{Version: true, Long: true}},
		{"-nv", CommandLineValues{Version: true, Overrides: section.Overrides{"nodaemon": true}}},
	} {
		if tt.want.Overrides == nil {
			tt.want.Overrides = section.Overrides{}
		}
		got, err := ParseCommandLine(strings.Fields(tt.args), sourcetest.Host("/here"))
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
		} else if diff := cmp.Diff(&tt.want, got, cmpopts.IgnoreUnexported(CommandLineValues{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.args, diff)
		}
	}
}

func TestParseCommandLineErrors(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--exit-on=never":           "invalid value for --exit-on 'never': 'never' is not fatal, exit, failure, success or all_exited",
		"--bad":                     "option --bad not recognized",
		"-Z":                        "option -Z not recognized",
		"--log=x":                   "option --log not a unique prefix",
		"-c":                        "option -c requires argument",
		"--nodaemon=yes":            "option --nodaemon must not have an argument",
		"-e warning":                "invalid value for -e 'warning': bad logging level name 'warning'",
		"--logfile_backups=few":     "invalid value for --logfile_backups 'few': invalid literal for int() with base 10: 'few'",
		"--logl=x":                  "invalid value for --loglevel 'x': bad logging level name 'x'",
		"-l /no/x":                  "invalid value for -l '/no/x': The directory named as part of the path /no/x does not exist",
		"-d /no":                    "invalid value for -d '/no': /no is not an existing directory",
		"-m 99":                     "invalid value for -m '99': 99 can not be converted to an octal type",
		"-y 12Q":                    "invalid value for -y '12Q': invalid literal for int() with base 10: '12q'",
		"-n --nodaemon":             "conflicting command line option '--nodaemon'",
		"-nn":                       "conflicting command line option '-n'",
		"-e info -e loud":           "invalid value for -e 'loud': bad logging level name 'loud'",
		"-n foo bar's":              `positional arguments are not supported: ['foo', "bar's"]`,
		"-tn foo":                   "positional arguments are not supported: ['foo']", // -t is --strip_ansi
		"-t -c a.conf b.conf":       "-t checks the files behind it or the one of -c, not both: ['b.conf']",
		"-h foo":                    "positional arguments are not supported: ['foo']",
		"--long":                    "option --long needs option -v",
		"--json":                    "option --json needs option -t",
		"--configuration=a -c b -h": "conflicting command line option '-c'",
	} {
		if _, err := ParseCommandLine(strings.Fields(args), sourcetest.Host("/here")); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", args, err, want)
		}
	}
}

func TestCommandLineHelp(t *testing.T) {
	t.Parallel()
	for _, o := range CommandLine() {
		if o.Help == "" {
			t.Errorf("--%s is not explained", o.Long)
		}
	}
}

func TestArgsCanonicalForm(t *testing.T) {
	t.Parallel()
	v, err := ParseCommandLine([]string{"-nc", "x", "--ident=y"}, sourcetest.Host("/here"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"--nodaemon", "--configuration=x", "--identifier=y"}, v.Args()); diff != "" {
		t.Error(diff)
	}
}
