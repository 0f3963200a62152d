package envfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// MaxSize is the largest size of a file, in bytes. Far less fits into the
// environment of a process.
const MaxSize = 1 << 20

// Variable is one variable of a file.
type Variable struct {
	Name, Value string
	Line        int // where it begins, from 1
}

// Error is a line that can't be understood.
type Error struct {
	Path string // "" for a text that is not from a file
	Line int    // from 1
	Text string // what is wrong with it
}

// Error returns the place and what is wrong.
func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Text)
	}
	return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Text)
}

// Read reads a file. Lookup returns the value of a NAME alone; it may be nil. The
// error is an *Error or that of the system, which is fs.ErrNotExist for a file that
// does not exist. Both name the file.
func Read(path string, lookup func(name string) (string, bool)) ([]Variable, error) {
	// A pipe without a writer must not block the caller.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, wrapError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, wrapError(path, err)
	case info.Mode().IsDir():
		return nil, fmt.Errorf("%s: is a directory", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	switch {
	case err != nil:
		return nil, wrapError(path, err)
	case len(text) > MaxSize:
		return nil, fmt.Errorf("%s: larger than %d bytes", path, MaxSize)
	}
	list, err := Parse(string(text), lookup)
	if bad, ok := errors.AsType[*Error](err); ok {
		bad.Path = path
	}
	return list, err
}

// wrapError makes an error begin with the file instead of with the operation.
func wrapError(path string, err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		err = e.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Parse reads a text. A name may come several times; the last one counts, but
// all are returned, in order. The error is an *Error.
func Parse(text string, lookup func(name string) (string, bool)) ([]Variable, error) {
	p := parser{rest: strings.TrimPrefix(text, "\ufeff"), line: 1, lookup: lookup}
	for p.skipToName() {
		if err := p.assignment(); err != nil {
			return nil, err
		}
	}
	return p.list, nil
}

const (
	blank   = " \t\r\n"
	lineEnd = "\r\n"
)

type parser struct {
	rest   string // not read yet
	line   int    // where rest begins
	lookup func(string) (string, bool)
	list   []Variable
}

// next takes one byte, -1 at the end.
func (p *parser) next() int {
	if p.rest == "" {
		return -1
	}
	c := p.rest[0]
	p.rest = p.rest[1:]
	if c == '\n' || c == '\r' && !strings.HasPrefix(p.rest, "\n") {
		p.line++
	}
	return int(c)
}

// skipToName skips blank lines and comments. It reports whether anything is left.
func (p *parser) skipToName() bool {
	for p.rest != "" {
		switch c := p.rest[0]; {
		case c == '#' || c == ';':
			for c := p.next(); c >= 0 && !isOneOf(c, lineEnd); {
				c = p.next()
			}
		case isOneOf(int(c), blank):
			p.next()
		default:
			return true
		}
	}
	return false
}

// assignment reads a variable, which may extend over several lines.
func (p *parser) assignment() error {
	start := p.line
	end := strings.IndexAny(p.rest, "="+lineEnd)
	bare := end < 0 || p.rest[end] != '='
	if end < 0 {
		end = len(p.rest)
	}
	name := strings.TrimRight(p.rest[:end], blank)
	p.rest = p.rest[end:]
	if err := checkName(name, bare, start); err != nil {
		return err
	}
	if bare {
		if value, ok := p.lookUp(name); ok {
			p.list = append(p.list, Variable{name, value, start})
		}
		return nil
	}
	p.rest = p.rest[1:]
	value, err := p.value(start)
	if err != nil {
		return err
	}
	p.list = append(p.list, Variable{name, value, start})
	return nil
}

func (p *parser) lookUp(name string) (string, bool) {
	if p.lookup == nil {
		return "", false
	}
	return p.lookup(name)
}

// checkName returns what is wrong with a name. The text is not quoted in full,
// because a wrong line may contain a secret.
func checkName(name string, bare bool, line int) error {
	text := ""
	switch invalid := strings.IndexFunc(name, isInvalidNameRune); {
	case name == "":
		text = "there is no name before the ="
	case !utf8.ValidString(name):
		text = "the name is not valid UTF-8"
	case strings.HasPrefix(name, "export ") && !bare:
		text = "a shell would take the word export; write NAME=value"
	case invalid >= 0 && bare:
		text = "neither NAME=value nor a NAME alone"
	case invalid >= 0:
		text = "a name can't have white space, quotes, backslashes or control characters"
	default:
		return nil
	}
	return &Error{Line: line, Text: text}
}

func isInvalidNameRune(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"'`\\", r)
}

// value reads up to the end of the line. White space before and after the value,
// and after a quoted part, is dropped unless it is quoted.
func (p *parser) value(start int) (string, error) {
	var b strings.Builder
	kept := 0 // length without white space to be dropped
	inWord := false
	for {
		c := p.next()
		switch {
		case c < 0 || isOneOf(c, lineEnd):
			value := b.String()
			if inWord {
				value = value[:kept]
			}
			return value, checkValue(value, start)
		case !inWord && (c == '\'' || c == '"'):
			if !p.quoted(&b, byte(c)) {
				return "", &Error{Line: start, Text: "the quote " + string(rune(c)) + " is never closed"}
			}
			kept = b.Len()
		case c == '\\':
			inWord = true
			if c = p.next(); c >= 0 && !isOneOf(c, lineEnd) {
				b.WriteByte(byte(c))
			} else if c == '\r' && strings.HasPrefix(p.rest, "\n") {
				p.next()
			}
			kept = b.Len()
		case isOneOf(c, blank):
			if inWord {
				b.WriteByte(byte(c))
			}
		default:
			inWord = true
			b.WriteByte(byte(c))
			kept = b.Len()
		}
	}
}

// quoted reads up to the closing quote and reports whether there is one. In double
// quotes a backslash protects the characters that are special to a shell.
func (p *parser) quoted(b *strings.Builder, quote byte) bool {
	for {
		c := p.next()
		switch {
		case c < 0:
			return false
		case c == int(quote):
			return true
		case c == '\\' && quote == '"':
			switch c = p.next(); {
			case c < 0:
				return false
			case c == '\n':
			case isOneOf(c, "\"\\`$"):
				b.WriteByte(byte(c))
			default:
				b.WriteByte('\\')
				b.WriteByte(byte(c))
			}
		default:
			b.WriteByte(byte(c))
		}
	}
}

func checkValue(value string, line int) error {
	switch {
	case strings.Contains(value, "\x00"):
		return &Error{Line: line, Text: "the value has a NUL byte"}
	case !utf8.ValidString(value):
		return &Error{Line: line, Text: "the value is not valid UTF-8"}
	}
	return nil
}

func isOneOf(c int, set string) bool { return strings.IndexByte(set, byte(c)) >= 0 }
