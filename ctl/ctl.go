package ctl

import (
	"fmt"
	"io"
	"slices"

	"supervisor/ctl/action"
	"supervisor/ctl/control"
	"supervisor/ctl/follow"
	"supervisor/ctl/inspect"
	"supervisor/ctl/session"
	"supervisor/ctl/shell"
	"supervisor/supervisord/config/cmdline"
	"supervisor/supervisord/system/buildinfo"
)

// Main runs supervisorctl with the arguments, of which the first is the program's
// name, and returns its exit status. Line editing needs stdin and stdout to be
// os.Stdin and os.Stdout.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	progname := args[0]
	fail := func(err error) int {
		fmt.Fprintf(stderr, "Error: %v\nFor help, use %s -h\n", err, progname)
		return session.ExitUsage
	}
	if len(args) > 1 && args[1] == completeCommand {
		complete(progname, args[2:], stdout)
		return 0
	}
	options, err := parseOptions(args[1:])
	if err != nil {
		return fail(err)
	}
	exit := 0
	program := newCommandLine(progname, stdout, stderr, func(c cmdline.Values, words []string) error {
		if c.Bool("version") {
			_, err := fmt.Fprint(stdout, buildinfo.Long("supervisorctl"))
			return err
		}
		settings, err := readSettings(c, progname)
		if err != nil {
			return err
		}
		s := session.New(session.Options{
			Settings: settings, Actions: actions(), IsOption: isOption,
			Interactive: c.Bool("interactive") || len(words) == 0,
			Terminal:    shell.IsTerminal(stdout), Width: shell.Width(stdout),
			Out: stdout, ErrOut: stderr,
		})
		exit = s.Run(stdin, stdout, words)
		return nil
	})
	if err := program.Execute(options); err != nil {
		return fail(err)
	}
	return exit
}

// actions returns all actions.
func actions() []session.Action {
	return slices.Concat(session.Actions(), control.Actions(), inspect.Actions(), follow.Actions(), completionActions())
}

// Table returns the table of all actions.
func Table() *action.Table { return session.Table(actions(), isOption) }
