package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"supervisor/ctl/action"
	"supervisor/ctl/shell"
	"supervisor/supervisord/api"
	"supervisor/supervisord/config/ctlconf"
	"supervisor/supervisord/logs/printable"
)

// Options are what a session is made of.
type Options struct {
	Settings    ctlconf.Settings
	Actions     []Action
	IsOption    func(word string) bool // reports whether supervisorctl has such an option
	Interactive bool                   // questions may be asked
	Terminal    bool                   // Out is a terminal
	Width       int                    // of the terminal, in columns; 0 for 80
	Out, ErrOut io.Writer
	Dial        Dialer     // nil for DialXMLRPC
	Input       LineReader // nil for a shell on the input of Run
}

// Session is one run of supervisorctl.
type Session struct {
	settings    ctlconf.Settings
	table       *action.Table
	actions     map[string]*Action
	interactive bool

	dial   Dialer
	client Client // nil until the first call

	input    LineReader
	terminal bool // out is a terminal
	width    int
	out      io.Writer // several goroutines may write to out and errOut
	errOut   io.Writer

	exit  int               // only errors set it
	infos []api.ProcessInfo // what completion knows, nil until it has asked since the last action
}

// LineReader is where lines and answers come from.
type LineReader interface {
	// Prompt shows a prompt and reads a line. The error is io.EOF at the end of
	// the input, and shell.ErrInterrupted on Ctrl-C or when ctx ends; the cursor
	// is then at the beginning of a line.
	Prompt(ctx context.Context, prompt string) (string, error)
	// ReadLine reads a line without a prompt and without line editing.
	ReadLine(ctx context.Context) (string, error)
	// Password asks on the terminal, without echo.
	Password(ctx context.Context, prompt string) (string, error)
	// AddHistory adds a line to the history.
	AddHistory(line string)
}

// New returns a session. It connects when the first action needs the server.
func New(o Options) *Session {
	s := &Session{
		settings:    o.Settings,
		actions:     make(map[string]*Action),
		interactive: o.Interactive,
		dial:        o.Dial,
		input:       o.Input,
		terminal:    o.Terminal,
		width:       cmp.Or(o.Width, 80),
		out:         &lockedWriter{w: o.Out},
		errOut:      &lockedWriter{w: o.ErrOut},
	}
	if s.dial == nil {
		s.dial = DialXMLRPC
	}
	for i, a := range o.Actions {
		s.actions[a.Name] = &o.Actions[i]
	}
	s.table = Table(o.Actions, o.IsOption)
	return s
}

// Run runs the action that the words make up, or a shell if there are none, and
// returns the exit status. Line editing needs stdin and stdout to be os.Stdin and
// os.Stdout.
func (s *Session) Run(stdin io.Reader, stdout io.Writer, words []string) int {
	defer s.Disconnect()
	ctx := context.Background()
	if s.input == nil {
		sh := shell.New(stdin, stdout, shell.Options{
			Edit:        len(words) == 0,
			HistoryFile: s.settings.HistoryFile,
			Complete:    s.Complete,
		})
		s.input = sh
		if len(words) == 0 {
			// A history that can't be written is no reason to fail.
			defer func() { _ = sh.Close() }()
		}
	}
	if len(words) == 0 {
		s.runShell(ctx)
		return 0
	}
	if errors.Is(s.RunLine(ctx, s.table.Join(words)), errInterrupted) {
		return exitInterrupted
	}
	return s.exit
}

// Print writes a line to the standard output.
func (s *Session) Print(line string) { s.Write(line + "\n") }

// Printf formats a line and writes it to the standard output.
func (s *Session) Printf(format string, args ...any) { s.Print(fmt.Sprintf(format, args...)) }

// Write writes text to the standard output. It may hold names and error texts
// from the daemon, so control characters are escaped on a terminal. Anything
// else gets the text unchanged.
func (s *Session) Write(text string) {
	if s.terminal {
		text = printable.Text(text)
	}
	fmt.Fprint(s.out, text)
}

// PrintError writes a line and makes the exit status that of a failure.
func (s *Session) PrintError(message string) {
	s.Print(message)
	s.exit = ExitGeneric
}

// PrintUsageError says what is wrong with the arguments of an action, shows its
// help and sets the exit status.
func (s *Session) PrintUsageError(name, message string, exit int) {
	s.Print(message)
	s.exit = exit
	s.showHelp(s.table.Find(name), false)
}

// RejectFlags reports flags that can't be used. Nothing has been sent then.
func (s *Session) RejectFlags(err error) {
	s.Print("Error: " + err.Error())
	s.exit = ExitUsage
}

// IsTerminal reports whether the output is a terminal, so that a person reads it. What
// scripts read is Supervisor's output to the byte; a person may get more.
func (s *Session) IsTerminal() bool { return s.terminal }

// Width returns the width of the terminal, in columns.
func (s *Session) Width() int { return s.width }

// UsesColor reports whether the output may be coloured: it is a terminal, and the
// environment does not say otherwise (NO_COLOR, TERM=dumb).
func (s *Session) UsesColor() bool {
	return s.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Out returns the standard output, for logs: like tail(1), it shows control
// characters unchanged. Several goroutines may write to it.
func (s *Session) Out() io.Writer { return s.out }

// ErrOut returns the error output. Several goroutines may write to it.
func (s *Session) ErrOut() io.Writer { return s.errOut }

// SetExit sets the exit status of the session.
func (s *Session) SetExit(status int) { s.exit = status }

// ReadLine reads a line of what is typed, without a prompt. Its errors are those
// of LineReader.
func (s *Session) ReadLine(ctx context.Context) (string, error) { return s.input.ReadLine(ctx) }

// Confirm asks a question in an interactive session. Any other session takes yes
// for granted.
func (s *Session) Confirm(ctx context.Context, question string) (bool, error) {
	if !s.interactive {
		return true, nil
	}
	answer, err := s.promptUser(ctx, question)
	return strings.HasPrefix(strings.ToLower(answer), "y"), err
}

// promptUser reads the answer to a question. Unlike at the prompt of the shell,
// the end of the input is an error here.
func (s *Session) promptUser(ctx context.Context, question string) (string, error) {
	answer, err := s.input.Prompt(ctx, question)
	if errors.Is(err, io.EOF) {
		err = messageError("EOF when reading a line")
	}
	return answer, err
}

// login asks for a user name and a password, which hold for the session.
func (s *Session) login(ctx context.Context) error {
	s.Print("Server requires authentication")
	username, err := s.promptUser(ctx, "Username:")
	if err != nil {
		return err
	}
	password, err := s.input.Password(ctx, "Password:")
	if err != nil {
		return err
	}
	s.Print("")
	s.settings.Username, s.settings.Password = username, password
	s.Disconnect()
	return nil
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
