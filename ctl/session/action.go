package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"supervisor/ctl/action"
	"supervisor/ctl/shell"
)

// Action is one row of the table of actions: what is typed and what it does.
type Action struct {
	action.Spec

	UpCheck   bool // ask first whether a server of our version is there
	DownExit  int  // exit status if it is not, 0 for the usual ones
	UsageExit int  // exit status if there are too few words, 0 for ExitGeneric

	Run func(ctx context.Context, s *Session, in action.Arguments) error
}

// Table returns the table of the given actions.
func Table(actions []Action, isOption func(word string) bool) *action.Table {
	var specs []*action.Spec
	for i := range actions {
		specs = append(specs, &actions[i].Spec)
	}
	return action.NewTable(specs, isOption)
}

var (
	// errQuit is what quit returns to its loop.
	errQuit = errors.New("quit")
	// errInterrupted means that Ctrl-C cut an action short.
	errInterrupted = errors.New("interrupted")
)

// RunLine runs one line and reports what goes wrong. It returns an error only to
// end the shell: after quit, or when Ctrl-C cut the action short.
func (s *Session) RunLine(ctx context.Context, line string) error {
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	name, arg := s.table.Split(line)
	a, ok := s.actions[name]
	if !ok {
		s.PrintError("*** Unknown syntax: " + line)
		if s.terminal {
			s.suggestAction(name)
		}
		s.warnMissingPlugins()
		return nil
	}
	s.infos = nil
	ctx, stop := untilInterrupt(ctx)
	defer stop()
	for {
		err := s.runAction(ctx, a, arg)
		if isUnauthorized(err) && s.interactive {
			if err = s.login(ctx); err == nil {
				continue
			}
		}
		switch {
		case err == nil, errors.Is(err, errQuit):
			return err
		case errors.Is(err, shell.ErrInterrupted):
			return errInterrupted
		case ctx.Err() != nil:
			s.Print("")
			return errInterrupted
		}
		s.report(err, a)
		return nil
	}
}

// runAction checks the arguments and the server as the table asks for it, then
// runs the action. Flags are checked before anything is sent.
func (s *Session) runAction(ctx context.Context, a *Action, arg string) error {
	in, err := s.table.Parse(&a.Spec, arg)
	if err != nil {
		s.RejectFlags(err)
		return nil
	}
	if in.Help {
		s.showHelp(&a.Spec, true)
		return nil
	}
	if a.NoArguments && len(in.Words) > 0 {
		s.PrintUsageError(a.Name, "Error: "+a.Name+" accepts no arguments", ExitGeneric)
		return nil
	}
	if a.UpCheck {
		if err := s.upCheck(ctx); err != nil {
			return err
		}
	}
	if len(in.Words) < a.MinArgs {
		s.PrintUsageError(a.Name, "Error: "+a.Name+" requires "+a.Requires, max(a.UsageExit, ExitGeneric))
		return nil
	}
	return a.Run(ctx, s, in)
}

// warnMissingPlugins names, once, the plugins that may have the unknown action.
func (s *Session) warnMissingPlugins() {
	for _, p := range s.settings.Plugins {
		fmt.Fprintf(s.errOut, "[%s] asks for %s, which is Python and can't be loaded here; its actions are missing\n", p.Section, p.Factory)
	}
	s.settings.Plugins = nil
}

// untilInterrupt returns a context that ends with the first Ctrl-C. A SIGINT that
// is ignored, as in a background job of a shell, stays ignored.
func untilInterrupt(ctx context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(os.Interrupt) {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, os.Interrupt)
}

// runShell is the interactive shell. It begins with the status and ends with
// quit, the end of the input, or Ctrl-C.
func (s *Session) runShell(ctx context.Context) {
	err := s.RunLine(ctx, "status")
	for err == nil {
		var line string
		line, err = s.nextLine(ctx)
		if err == nil {
			err = s.RunLine(ctx, line)
		}
	}
}

// nextLine prompts for a line. The end of the input reads as the action EOF.
func (s *Session) nextLine(ctx context.Context) (string, error) {
	ctx, stop := untilInterrupt(ctx)
	defer stop()
	line, err := s.input.Prompt(ctx, s.settings.Prompt+"> ")
	if errors.Is(err, io.EOF) {
		return "EOF", nil
	}
	if line != "" {
		s.input.AddHistory(line)
	}
	return line, err
}
