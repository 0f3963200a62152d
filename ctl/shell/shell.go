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

// ErrInterrupted is returned when Ctrl-C or the end of the context broke off
// reading.
var ErrInterrupted = errors.New("interrupted")

// delimiters end a word for completion. They are those of readline without
// ":", "*" and "-", which occur in names of processes.
const delimiters = " \t\n`~!@#$%^&()=+[{]}\\|;'\",<>/?"

// Options are what a shell has beyond plain reading.
type Options struct {
	// Edit asks for line editing where in and out are a capable terminal.
	Edit bool
	// HistoryFile keeps the history between sessions; "" for none.
	HistoryFile string
	// Complete returns what the last word of the line may become.
	Complete func(line, word string) []string
}

// Shell reads lines from one source and writes its prompts beside it.
type Shell struct {
	lines    lines
	out      io.Writer
	terminal bool // both ends are terminals
	history  history
	editor   *editor // nil for plain reading
}

// New returns a shell that reads from in and prompts on out. Close it at the
// end of the session.
func New(in io.Reader, out io.Writer, o Options) *Shell {
	sh := &Shell{lines: lines{r: in}, out: out, terminal: IsTerminal(in) && IsTerminal(out)}
	sh.history.file = o.HistoryFile
	sh.history.load()
	// Line editing works on the process's own terminal only.
	if o.Edit && sh.terminal && in == io.Reader(os.Stdin) && out == io.Writer(os.Stdout) && liner.TerminalSupported() {
		sh.editor = newEditor(sh.history.lines, o.Complete)
	}
	return sh
}

// IsTerminal tells whether a reader or writer is a terminal.
func IsTerminal(end any) bool {
	file, ok := end.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Prompt shows a prompt and reads a line, without its newline. At the end of
// the input it returns io.EOF with the cursor still behind the prompt, and
// [ErrInterrupted] on Ctrl-C or when ctx ends, with the cursor on a new line.
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

// notEditable tells of a character that can't be in a prompt under line
// editing, because nobody knows how wide it is.
func notEditable(r rune) bool { return unicode.Is(unicode.C, r) }

// ReadLine reads a line without prompt and editing.
func (sh *Shell) ReadLine(ctx context.Context) (string, error) {
	line, err := sh.lines.next(ctx)
	if err != nil && ctx.Err() != nil {
		err = ErrInterrupted
	}
	return line, err
}

// Password asks for a line on the terminal that controls the process, without
// echo. Where there is none, it takes the next line of the input. Ctrl-C is
// [ErrInterrupted] here as well, and so is the end of the input.
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

// readWithContext runs a read that can't be cut short, and leaves it behind if the
// context ends first.
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

// AddHistory adds a line typed at the prompt to the history. Lines out of a pipe
// are not worth remembering.
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
	normalMode, editMode liner.ModeApplier // how the terminal is set outside and inside a prompt
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

// cutWord finds the word that ends at the cursor, which is given in runes.
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
		err = ErrInterrupted // liner has ended the line
	case errors.Is(err, ErrInterrupted):
		fmt.Println()
	}
	return line, err
}

func (e *editor) close() {
	_ = e.state.Close()
	_ = e.normalMode.ApplyMode()
}
