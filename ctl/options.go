package ctl

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"supervisor/supervisord/config"
	"supervisor/supervisord/getopt"
	"supervisor/supervisord/python"
)

// optionTable lists the command line's options. The word in back quotes is what
// the usage calls the argument.
func optionTable() []getopt.Option {
	return []getopt.Option{
		{Long: "help", Short: "h?", Help: "print this text and exit"},
		{Long: "configuration", Short: "c", Arg: "FILE", Help: "read `FILE` instead of searching for a configuration file"},
		{Long: "interactive", Short: "i", Help: "ask before shutdown and reload, and for a password where one is needed"},
		{Long: "serverurl", Short: "s", Arg: "URL", Help: "talk to the supervisord at `URL`, http://host:port or unix:///path"},
		{Long: "username", Short: "u", Arg: "NAME", Help: "log in to the server as `NAME`"},
		{Long: "password", Short: "p", Arg: "PASSWORD", Help: "log in to the server with `PASSWORD`"},
		{Long: "history_file", Aliases: []string{"history-file"}, Short: "r", Arg: "FILE", Help: "keep the history of the shell in `FILE`"},
	}
}

// usageTemplate is filled in with the options of the table.
const usageTemplate = `supervisorctl -- control applications run by supervisord from the cmd line.

Usage: {{.HelpName}} [options] [action [arguments]]

Options:
{{range .VisibleFlags}}{{.}}
{{end}}
An action is a word such as "status" or "restart"; the action "help" lists
them all. Without one, actions are read from a shell until it is left.
`

// parseOptions checks the options as Python's supervisorctl does and writes
// them out again in the form that cli understands. Options are looked at from
// left to right, so that --help comes before a mistake further on.
func parseOptions(args []string) ([]string, error) {
	given, rest, err := getopt.Parse(optionTable(), args)
	if err != nil {
		return nil, err
	}
	for i, g := range given {
		switch g.Option.Name() {
		case "help":
			return getopt.Args(given[:i+1], nil), nil
		case "serverurl":
			if err := config.CheckURL(g.Value); err != nil {
				return nil, fmt.Errorf("invalid value for %s %s: %w", g.Form, python.Repr(g.Value), err)
			}
		}
		if g.Repeated {
			return nil, g.Conflict()
		}
	}
	return getopt.Args(given, rest), nil
}

// readSettings reads the configuration and lets the command line overrule it.
func readSettings(c *cli.Context, progname string) (config.Ctl, error) {
	settings, err := config.LoadCtl(config.LoadOptions{
		Path:    c.String("configuration"),
		Program: progname,
		Host:    config.ThisHost(),
	})
	if err != nil {
		return config.Ctl{}, err
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

// newApp builds the command line's front end around the function that runs a
// session and returns the exit status.
func newApp(progname string, stdout, stderr io.Writer, run cli.ActionFunc) *cli.App {
	app := &cli.App{
		Name:                  "supervisorctl",
		HelpName:              progname,
		HideHelp:              true, // it is an option like the others here
		CustomAppHelpTemplate: usageTemplate,
		Writer:                stdout,
		ErrWriter:             stderr,
		Action: func(c *cli.Context) error {
			if c.Bool("help") {
				return cli.ShowAppHelp(c)
			}
			return run(c)
		},
	}
	for _, o := range optionTable() {
		aliases := strings.Split(o.Short, "")
		if o.Arg == "" {
			app.Flags = append(app.Flags, &cli.BoolFlag{Name: o.Name(), Aliases: aliases, Usage: o.Help, DisableDefaultText: true})
			continue
		}
		app.Flags = append(app.Flags, &cli.StringFlag{Name: o.Name(), Aliases: aliases, Usage: o.Help})
	}
	return app
}
