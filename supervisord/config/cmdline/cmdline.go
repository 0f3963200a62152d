package cmdline

import (
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"supervisor/supervisord/config/getopt"
)

// Values are the values of the options.
type Values interface {
	// Bool reports whether a flag was given.
	Bool(name string) bool
	// String returns an option's argument, "" if it was not given.
	String(name string) string
	// IsSet reports whether an option was given.
	IsSet(name string) bool
}

// Program is what the user of a program sees.
type Program struct {
	Name           string          // argv[0]
	Summary        string          // the first line of the usage
	Synopsis       string          // what follows the name
	Options        []getopt.Option // one of them is called help
	Notes          string          // text below the options
	Stdout, Stderr io.Writer
	// Run runs the program. It is not called for --help.
	Run func(v Values, words []string) error
}

// Execute reads arguments in their canonical form and runs the program, or
// writes its usage. It returns the error of Run.
func (p *Program) Execute(args []string) error {
	app := &cli.App{
		Name:                  p.Name,
		HelpName:              p.Name,
		HideHelp:              true, // here it is an option like the others
		HideVersion:           true,
		CustomAppHelpTemplate: usage,
		Metadata:              map[string]any{"program": p},
		Writer:                p.Stdout,
		ErrWriter:             p.Stderr,
		Action: func(c *cli.Context) error {
			if c.Bool("help") {
				return cli.ShowAppHelp(c)
			}
			return p.Run(c, c.Args().Slice())
		},
	}
	for _, o := range p.Options {
		if o.Arg == "" {
			app.Flags = append(app.Flags, &cli.BoolFlag{Name: o.Name(), Usage: o.Help})
		} else {
			app.Flags = append(app.Flags, &cli.StringFlag{Name: o.Name(), Usage: o.Help})
		}
	}
	return app.Run(append([]string{p.Name}, args...))
}

// usage has Supervisor's form, which scripts search for options.
const usage = `{{with .Metadata.program}}{{.Summary}}

Usage: {{.Name}} [options]{{.Synopsis}}

Options:
{{range .Lines}}{{.}}
{{end}}{{.Notes}}
{{end}}`

// Lines returns the lines of the usage: "-c/--configuration FILENAME -- help".
func (p *Program) Lines() []string {
	var lines []string
	for _, o := range p.Options {
		forms := make([]string, 0, 3)
		for _, letter := range o.Short {
			forms = append(forms, "-"+string(letter))
		}
		line := strings.Join(append(forms, "--"+o.Long), "/")
		if o.Arg != "" {
			line += " " + o.Arg
		}
		lines = append(lines, line+" -- "+o.Help)
	}
	return lines
}
