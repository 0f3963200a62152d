package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/peterh/liner"
	"golang.org/x/term"
)

// ErrInterrupted is returned when Ctrl-C or the end of the context interrupted
// reading.
var ErrInterrupted = errors.New("interrupted")

// delimiters separate words for completion. They are readline's, but for ":", "*"
// and "-", which occur in names of processes.
const delimiters = " \t\n`~!@#$%^&()=+[{]}\\|;'\",<>/?"

// Options are what a shell offers besides reading lines.
type Options struct {
	// Edit asks for line editing, which needs in and out to be a capable terminal.
	Edit bool
	// HistoryFile is where the history is kept between sessions; "" for nowhere.
	HistoryFile string
	// Complete returns what the last word of the line may become.
	Complete func(line, word string) []string
}

// Shell reads lines and writes prompts.
type Shell struct {
	lines    lines
	out      io.Writer
	terminal bool // both ends are terminals
	history  history
	editor   *editor // nil for plain reading
}

// New returns a shell that reads from in and prompts on out. The caller closes it.
func New(in io.Reader, out io.Writer, o Options) *Shell {
	sh := &Shell{lines: lines{r: in}, out: out, terminal: IsTerminal(in) && IsTerminal(out)}
	sh.history.file = o.HistoryFile
	sh.history.load()
	// The editor works on the process's own terminal only.
	if o.Edit && sh.terminal && in == io.Reader(os.Stdin) && out == io.Writer(os.Stdout) && liner.TerminalSupported() {
		sh.editor = newEditor(sh.history.lines, o.Complete)
	}
	return sh
}

// IsTerminal reports whether a reader or writer is a terminal.
func IsTerminal(end any) bool {
	file, ok := end.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Width returns the width of a terminal in columns, 0 if it is unknown.
func Width(end any) int {
	file, ok := end.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Prompt shows a prompt and reads a line, without its newline. At the end of the
// input it returns io.EOF and leaves the cursor behind the prompt. On Ctrl-C or
// when ctx ends it returns [ErrInterrupted] and leaves the cursor on a new line.
func (sh *Shell) Prompt(ctx context.Context, prompt string) (string, error) {
	if sh.editor != nil && !strings.ContainsFunc(prompt, notEditable) {
		return sh.editor.prompt(ctx, prompt)
	}
	fmt.Fprint(sh.out, prompt)
	line, err := sh.ReadLine(ctx)
	if errors.Is(err, ErrInterrupted) {
		fmt.Fprintln(sh.out)
	}
	return line, err
}

// notEditable reports whether a character can't be in a prompt under line editing,
// because its width is unknown.
func notEditable(r rune) bool { return unicode.Is(unicode.C, r) }

// ReadLine reads a line without a prompt and without line editing. Its errors are
// those of Prompt.
func (sh *Shell) ReadLine(ctx context.Context) (string, error) {
	line, err := sh.lines.next(ctx)
	if err != nil && ctx.Err() != nil {
		err = ErrInterrupted
	}
	return line, err
}

// Password asks for a line on the controlling terminal of the process, without
// echo. If the process has none, Password reads the next line of the input. Ctrl-C
// and the end of the input are [ErrInterrupted].
func (sh *Shell) Password(ctx context.Context, prompt string) (string, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return sh.Prompt(ctx, prompt)
	}
	defer tty.Close()
	oldState, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	secret, err := term.NewTerminal(tty, "").ReadPassword(prompt)
	if restoreErr := term.Restore(int(tty.Fd()), oldState); restoreErr != nil {
		return "", fmt.Errorf("restore terminal: %w", restoreErr)
	}
	if errors.Is(err, io.EOF) {
		fmt.Fprintln(tty)
		err = ErrInterrupted
	}
	return secret, err
}

// readWithContext runs a read that can't be interrupted. If the context ends first,
// it returns and leaves the goroutine with the read behind.
func readWithContext(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := read()
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return "", ErrInterrupted
	}
}

// AddHistory adds a line that was typed at the prompt to the history. It ignores
// lines from a pipe.
func (sh *Shell) AddHistory(line string) {
	if sh.terminal && sh.history.add(line) && sh.editor != nil {
		sh.editor.state.AppendHistory(line)
	}
}

// Close restores the terminal and writes the history file.
func (sh *Shell) Close() error {
	if sh.editor != nil {
		sh.editor.close()
	}
	if err := sh.history.save(); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

// editor is line editing on the process's terminal.
type editor struct {
	state                *liner.State
	normalMode, editMode liner.ModeApplier // the modes of the terminal outside and inside a prompt
}

func newEditor(history []string, complete func(line, word string) []string) *editor {
	e := &editor{}
	e.normalMode, _ = liner.TerminalMode()
	e.state = liner.NewLiner()
	e.editMode, _ = liner.TerminalMode()
	_ = e.normalMode.ApplyMode()
	e.state.SetCtrlCAborts(true)
	e.state.SetTabCompletionStyle(liner.TabPrints)
	for _, line := range history {
		e.state.AppendHistory(line)
	}
	if complete != nil {
		e.state.SetWordCompleter(func(line string, pos int) (head string, words []string, tail string) {
			head, word, tail := cutWord(line, pos)
			return head, complete(line, word), tail
		})
	}
	return e
}

// cutWord finds the word that ends at the cursor. pos counts runes.
func cutWord(line string, pos int) (head, word, tail string) {
	end := 0
	for range pos {
		_, n := utf8.DecodeRuneInString(line[end:])
		end += n
	}
	start := strings.LastIndexAny(line[:end], delimiters) + 1
	return line[:start], line[start:end], line[end:]
}

func (e *editor) prompt(ctx context.Context, prompt string) (string, error) {
	if err := e.editMode.ApplyMode(); err != nil {
		return "", err
	}
	defer func() { _ = e.normalMode.ApplyMode() }()
	line, err := readWithContext(ctx, func() (string, error) { return e.state.Prompt(prompt) })
	switch {
	case errors.Is(err, liner.ErrPromptAborted):
		err = ErrInterrupted // liner has written the newline
	case errors.Is(err, ErrInterrupted):
		fmt.Println()
	}
	return line, err
}

func (e *editor) close() {
	_ = e.state.Close()
	_ = e.normalMode.ApplyMode()
}
