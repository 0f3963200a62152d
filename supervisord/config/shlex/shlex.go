package shlex

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// The two errors of a text that ends too early, with Python's texts.
var (
	ErrQuotation = errors.New("No closing quotation") //nolint:staticcheck // users know these texts
	ErrEscape    = errors.New("No escaped character") //nolint:staticcheck // users know these texts
)

// Split returns the words of a command line like Python's shlex.split:
// separated by blanks, tabs and line ends, quotes and backslashes removed, no
// comments. The error is ErrQuotation or ErrEscape.
func Split(s string) ([]string, error) {
	return lexer{text: s}.all()
}

// Tokens returns what Python's shlex.shlex(s, posix=True) yields with the
// characters "/.+-():" added to those of words: quoted parts join the words next to
// them, "#" starts a comment even inside a word, and any other character is a token
// by itself. The error is ErrQuotation or ErrEscape.
func Tokens(s string) ([]string, error) {
	return lexer{text: s, tokenMode: true}.all()
}

// lexer reads a text once.
type lexer struct {
	text      string // not read yet
	tokenMode bool   // for Tokens

	words  []string
	word   strings.Builder
	inWord bool // a word has begun; it may be empty: ''
}

func (l lexer) all() ([]string, error) {
	for l.text != "" {
		if err := l.step(); err != nil {
			return nil, err
		}
	}
	l.endWord()
	return l.words, nil
}

// step reads one character outside quotes, with the quoted or escaped text that it
// begins.
func (l *lexer) step() error {
	switch r, c := l.next(); {
	case strings.ContainsRune(" \t\r\n", r):
		l.endWord()
	case r == '\\':
		return l.escaped()
	case r == '\'':
		return l.singleQuoted()
	case r == '"':
		return l.doubleQuoted()
	case l.tokenMode && r == '#':
		l.endWord()
		_, l.text, _ = strings.Cut(l.text, "\n")
	case l.tokenMode && !isWordChar(r):
		l.endWord()
		l.add(c)
		l.endWord()
	default:
		l.add(c)
	}
	return nil
}

// next takes one character; r is utf8.RuneError for a byte that is not UTF-8.
func (l *lexer) next() (r rune, c string) {
	r, n := utf8.DecodeRuneInString(l.text)
	c, l.text = l.text[:n], l.text[n:]
	return r, c
}

func (l *lexer) add(s string) {
	l.word.WriteString(s)
	l.inWord = true
}

// endWord finishes the word if one has begun.
func (l *lexer) endWord() {
	if l.inWord {
		l.words = append(l.words, l.word.String())
		l.word.Reset()
		l.inWord = false
	}
}

func (l *lexer) escaped() error {
	if l.text == "" {
		return ErrEscape
	}
	_, c := l.next()
	l.add(c)
	return nil
}

func (l *lexer) singleQuoted() error {
	inner, rest, ok := strings.Cut(l.text, "'")
	if !ok {
		return ErrQuotation
	}
	l.add(inner)
	l.text = rest
	return nil
}

// doubleQuoted reads up to the closing double quote. In it a backslash escapes only
// the quote and itself.
func (l *lexer) doubleQuoted() error {
	for l.text != "" {
		r, c := l.next()
		if r == '"' {
			l.add("")
			return nil
		}
		if r == '\\' {
			if l.text == "" {
				return ErrEscape
			}
			if r, n := l.next(); r == '"' || r == '\\' {
				c = n
			} else {
				c += n
			}
		}
		l.add(c)
	}
	return ErrQuotation
}

// isWordChar reports whether a character belongs to words for Tokens: ASCII letters
// and digits, the Latin-1 letters, and those that Supervisor adds.
func isWordChar(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	case r == '_', strings.ContainsRune("/.+-():", r):
		return true
	}
	return 'À' <= r && r <= 'ÿ' && r != '×' && r != '÷'
}
