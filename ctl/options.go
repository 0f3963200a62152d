package ctl

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"supervisor/supervisord/config/cmdline"
	"supervisor/supervisord/config/ctlconf"
	"supervisor/supervisord/config/getopt"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
)

// Options returns the command-line options of supervisorctl.
func Options() []getopt.Option {
	return []getopt.Option{
		{Long: "help", Short: "h?", Help: "print this text and exit"},
		{Long: "version", Help: "print release, commit, Go and the version of Supervisor that it is compatible with, and exit"},
		{Long: "configuration", Short: "c", Arg: "FILENAME", Help: "read FILENAME instead of searching for a configuration file"},
		{Long: "interactive", Short: "i", Help: "start an interactive session, which asks before shutdown and reload, and asks for a password if the server wants one"},
		{Long: "serverurl", Short: "s", Arg: "URL", Help: "talk to the supervisord at URL, http://host:port or unix:///path"},
		{Long: "username", Short: "u", Arg: "USERNAME", Help: "log in to the server as USERNAME"},
		{Long: "password", Short: "p", Arg: "PASSWORD", Help: "log in to the server with PASSWORD"},
		{Long: "history_file", Aliases: []string{"history-file"}, Short: "r", Arg: "FILENAME", Help: "keep the history of the shell in FILENAME"},
	}
}

// isOption reports whether a word is an option of the command line.
func isOption(word string) bool {
	for _, o := range Options() {
		long, isLong := strings.CutPrefix(word, "--")
		if isLong && (long == o.Long || slices.Contains(o.Aliases, long)) ||
			!isLong && len(word) > 1 && strings.Contains(o.Short, word[1:2]) {
			return true
		}
	}
	return false
}

// parseOptions checks the options as Python's supervisorctl does and returns them
// in the form that package cmdline understands. It goes from left to right, so
// that --help comes before a mistake further on.
func parseOptions(args []string) ([]string, error) {
	given, rest, err := getopt.Parse(Options(), args)
	if err != nil {
		return nil, err
	}
	for i, g := range given {
		switch g.Option.Name() {
		case "help", "version":
			return getopt.Args(given[:i+1], nil), nil
		case "serverurl":
			if err := ctlconf.CheckURL(g.Value); err != nil {
				return nil, fmt.Errorf("invalid value for %s %s: %w", g.Form, python.Repr(g.Value), err)
			}
		}
		if g.Repeated {
			return nil, g.Conflict()
		}
	}
	return getopt.Args(given, rest), nil
}

// readSettings reads the configuration; options of the command line override it.
func readSettings(c cmdline.Values, progname string) (ctlconf.Settings, error) {
	settings, err := ctlconf.Load(section.Input{
		Path:    c.String("configuration"),
		Program: progname,
		Host:    source.ThisHost(),
	})
	if err != nil {
		return ctlconf.Settings{}, err
	}
	for name, value := range map[string]*string{
		"serverurl":    &settings.ServerURL,
		"username":     &settings.Username,
		"password":     &settings.Password,
		"history_file": &settings.HistoryFile,
	} {
		if c.IsSet(name) {
			*value = c.String(name)
		}
	}
	return *settings, nil
}

// newCommandLine returns the command line around the function that runs a session.
func newCommandLine(progname string, stdout, stderr io.Writer, run func(cmdline.Values, []string) error) *cmdline.Program {
	return &cmdline.Program{
		Name:     progname,
		Summary:  "supervisorctl -- control applications run by supervisord from the cmd line.",
		Synopsis: " [action [arguments]]",
		Options:  Options(),
		Notes: `
An action is a word such as "status" or "restart"; the action "help" lists all
of them. Without an action, an interactive shell starts.
`,
		Stdout: stdout,
		Stderr: stderr,
		Run:    run,
	}
}
