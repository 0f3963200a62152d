package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"supervisor/ctl/shell"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/cmdline"
)

// Main runs supervisorctl with the arguments, of which the first is the
// program's name, and returns its exit status. Line editing needs stdin and
// stdout to be os.Stdin and os.Stdout.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	progname := args[0]
	fail := func(err error) int {
		fmt.Fprintf(stderr, "Error: %v\nFor help, use %s -h\n", err, progname)
		return exitUsage
	}
	options, err := parseOptions(args[1:])
	if err != nil {
		return fail(err)
	}
	exit := 0
	program := newCommandLine(progname, stdout, stderr, func(c cmdline.Values, words []string) error {
		settings, err := readSettings(c, progname)
		if err != nil {
			return err
		}
		s := newSession(settings, stdout, stderr)
		s.interactive = c.Bool("interactive") || len(words) == 0
		exit = s.run(stdin, stdout, words)
		return nil
	})
	if err := program.Execute(options); err != nil {
		return fail(err)
	}
	return exit
}

func newSession(settings config.Ctl, stdout, stderr io.Writer) *session {
	return &session{
		settings: settings,
		actions:  actionTable(),
		dial:     dialXMLRPC,
		terminal: shell.IsTerminal(stdout),
		out:      &lockedWriter{w: stdout},
		errOut:   &lockedWriter{w: stderr},
	}
}

// run runs the one action that the words make up, or a shell if there are
// none, and returns the exit status.
func (s *session) run(stdin io.Reader, stdout io.Writer, words []string) int {
	sh := shell.New(stdin, stdout, shell.Options{
		Edit:        len(words) == 0,
		HistoryFile: s.settings.HistoryFile,
		Complete:    s.complete,
	})
	s.lines = sh
	defer s.disconnect()
	ctx := context.Background()
	if len(words) == 0 {
		s.runShell(ctx)
		// A history that can't be written is no reason to fail.
		_ = sh.Close()
		return 0
	}
	if errors.Is(s.runLine(ctx, strings.Join(words, " ")), errInterrupted) {
		return exitInterrupted
	}
	return s.exit
}
