package ctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"

	"supervisor/ctl/shell"
	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs/printable"
)

// session is one run of supervisorctl: whom it talks to, where it writes, and
// what the exit status has become so far.
type session struct {
	settings    config.Ctl
	interactive bool // questions may be asked
	actions     []action

	dial   dialer
	server client // nil until somebody asks it something

	lines    lineReader
	terminal bool // out is one

	out    io.Writer // out and errOut may be written to by several goroutines
	errOut io.Writer

	exit  int               // only ever set by errors; a success does not clear it
	infos []api.ProcessInfo // for completion, nil until needed since the last action
}

// lineReader is where the session's lines and answers come from.
type lineReader interface {
	// Prompt shows a prompt and reads a line. At the end of the input the
	// error is io.EOF, and shell.ErrInterrupted on Ctrl-C or when ctx ends,
	// which leaves the cursor at the beginning of a line.
	Prompt(ctx context.Context, prompt string) (string, error)
	// ReadLine is Prompt without a prompt and without line editing.
	ReadLine(ctx context.Context) (string, error)
	// Password asks on the terminal, without echo.
	Password(ctx context.Context, prompt string) (string, error)
	// Remember adds a line to the history.
	AddHistory(line string)
}

var (
	// errQuit is what quit returns to its loop.
	errQuit = errors.New("quit")
	// errInterrupted means that Ctrl-C cut an action short.
	errInterrupted = errors.New("interrupted")
)

// print writes one line to the standard output.
func (s *session) print(line string) { s.write(line + "\n") }

func (s *session) printf(format string, args ...any) { s.print(fmt.Sprintf(format, args...)) }

// write writes what we have to say, in which there are names and error texts
// of the daemon's. They can't move the cursor of a terminal; what is no
// terminal gets them as they are. Logs are not written by this: like tail(1),
// we show them as they are.
func (s *session) write(text string) {
	if s.terminal {
		text = printable.Text(text)
	}
	fmt.Fprint(s.out, text)
}

// runLine runs one line and reports what goes wrong. What it returns is for its
// loop: nil, errQuit or errInterrupted.
func (s *session) runLine(ctx context.Context, line string) error {
	line = strings.TrimSpace(line)
	if line == "" {
		return nil
	}
	name, arg := s.splitLine(line)
	a, ok := s.find(name)
	if !ok {
		s.printError("*** Unknown syntax: " + line)
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
			s.print("")
			return errInterrupted
		}
		s.report(err, a)
		return nil
	}
}

// warnMissingPlugins says, once, whose action an unknown one might be.
func (s *session) warnMissingPlugins() {
	for _, p := range s.settings.Plugins {
		fmt.Fprintf(s.errOut, "[%s] asks for %s, which is Python and can't be loaded here; its actions are missing\n", p.Section, p.Factory)
	}
	s.settings.Plugins = nil
}

// untilInterrupt returns a context that ends with the first Ctrl-C. Where
// SIGINT is ignored, as in a shell's background, it stays so.
func untilInterrupt(ctx context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(os.Interrupt) {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, os.Interrupt)
}

// login asks for a user name and a password; they hold for the session.
func (s *session) login(ctx context.Context) error {
	s.print("Server requires authentication")
	username, err := s.promptUser(ctx, "Username:")
	if err != nil {
		return err
	}
	password, err := s.lines.Password(ctx, "Password:")
	if err != nil {
		return err
	}
	s.print("")
	s.settings.Username, s.settings.Password = username, password
	s.disconnect()
	return nil
}

// confirm asks a question in an interactive session and takes yes for granted
// in any other.
func (s *session) confirm(ctx context.Context, question string) (bool, error) {
	if !s.interactive {
		return true, nil
	}
	answer, err := s.promptUser(ctx, question)
	return strings.HasPrefix(strings.ToLower(answer), "y"), err
}

// promptUser reads the answer to a question; other than at the shell's prompt, the
// end of the input is an error here.
func (s *session) promptUser(ctx context.Context, question string) (string, error) {
	answer, err := s.lines.Prompt(ctx, question)
	if errors.Is(err, io.EOF) {
		err = messageError("EOF when reading a line")
	}
	return answer, err
}

// runShell is the interactive shell. It begins with the status and ends with quit,
// the end of the input, or Ctrl-C.
func (s *session) runShell(ctx context.Context) {
	err := s.runLine(ctx, "status")
	for err == nil {
		var line string
		line, err = s.nextLine(ctx)
		if err == nil {
			err = s.runLine(ctx, line)
		}
	}
}

// nextLine prompts for a line. The end of the input reads as the action EOF.
func (s *session) nextLine(ctx context.Context) (string, error) {
	ctx, stop := untilInterrupt(ctx)
	defer stop()
	line, err := s.lines.Prompt(ctx, s.settings.Prompt+"> ")
	if errors.Is(err, io.EOF) {
		return "EOF", nil
	}
	if line != "" {
		s.lines.AddHistory(line)
	}
	return line, err
}

// lockedWriter lets several goroutines write whole pieces to one writer.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
