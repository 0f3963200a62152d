package supervisord

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"supervisor/supervisord/config"
	"supervisor/supervisord/daemon"
)

// Version is what -v prints and getSupervisorVersion answers: the version of
// Supervisor whose interfaces this daemon has. Clients compare it.
const Version = "4.4.0"

// exitRefused is the exit status for a command line, a configuration or an
// environment that the daemon can't work with.
const exitRefused = 2

// usage is filled in with the options of the table.
const usage = `supervisord -- run a set of applications as daemons.

Usage: {{.HelpName}} [options]

Options:
{{range .VisibleFlags}}{{.}}
{{end}}
`

// Main runs supervisord with the arguments, of which the first is the
// program's name, and returns its exit status.
func Main(args []string, stdout, stderr io.Writer) int {
	background, _ := daemon.InBackground() // first of all: it hides the mark
	m := &mainProgram{args: args, stdout: stdout, stderr: stderr, host: config.ThisHost(), background: background}
	values, err := config.ParseCommandLine(args[1:], m.host)
	if err == nil {
		m.values = values
		err = m.app().Run(append(args[:1:1], values.Args()...))
	}
	if err != nil {
		fmt.Fprintf(stderr, "Error: %v\nFor help, use %s -h\n", err, args[0])
		return exitRefused
	}
	return m.status
}

// mainProgram is one run of Main.
type mainProgram struct {
	args           []string
	stdout, stderr io.Writer
	host           config.Host
	values         *config.CommandLineValues
	background     *daemon.Background // set in the second half of going there
	status         int                // to exit with
}

// app is the front end of the command line. The arguments that it gets have
// been brought into its form by the rules of Supervisor, which it doesn't know.
func (m *mainProgram) app() *cli.App {
	app := &cli.App{
		Name:                  "supervisord",
		HelpName:              m.args[0],
		HideHelp:              true, // it is an option like the others here
		HideVersion:           true,
		CustomAppHelpTemplate: usage,
		Writer:                m.stdout,
		ErrWriter:             m.stderr,
		Action:                m.act,
	}
	for _, o := range config.CommandLine() {
		aliases := strings.Split(o.Short, "")
		if o.Arg == "" {
			app.Flags = append(app.Flags, &cli.BoolFlag{Name: o.Name(), Aliases: aliases, Usage: o.Help, DisableDefaultText: true})
			continue
		}
		app.Flags = append(app.Flags, &cli.StringFlag{Name: o.Name(), Aliases: aliases, Usage: o.Help})
	}
	return app
}

// act does what the options ask for.
func (m *mainProgram) act(c *cli.Context) (err error) {
	switch {
	case c.Bool("help"):
		return cli.ShowAppHelp(c)
	case c.Bool("version"):
		_, err = fmt.Fprintln(m.stdout, Version)
		return err
	case c.Bool("test"):
		m.status, err = config.Check(m.stdout, m.loadOptions(), c.Bool("json"))
		return err
	}
	if os.Getuid() == 0 && !c.IsSet("configuration") {
		fmt.Fprintln(m.stderr, "Supervisord is running as root and it is searching for its configuration file in "+
			"default locations, the current directory among them; name the file with -c to be sure of it")
	}
	m.status, err = m.supervise()
	return err
}

func (m *mainProgram) loadOptions() config.LoadOptions {
	return config.LoadOptions{
		Path:      m.values.Path,
		Program:   m.args[0],
		Overrides: m.values.Overrides,
		Host:      m.host,
	}
}
