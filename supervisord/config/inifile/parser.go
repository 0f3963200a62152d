package inifile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"supervisor/supervisord/config/python"
)

// The files are written for Python's RawConfigParser, and ini.v1 can't be set to its
// dialect: an inline comment begins only after white space, the columns of two lines
// decide whether the second continues the first, option names are in lower case, and
// quotes, backslashes and backticks have no meaning. So this file reads the lines by
// Python's rules; ini.v1 merges and keeps the options.

// SyntaxError is an error in the syntax of a file. Its text is that of Python's
// exception.
type SyntaxError struct {
	Line int
	Text string
}

// Error returns the text.
func (e *SyntaxError) Error() string { return e.Text }

// record is a section header, or an option with the lines of its value.
type record struct {
	section      string
	option       string // "" for a header
	value        string
	continuation []string // further lines of the value
	line         int      // where it begins, from 1
}

// parser is the state of reading one file.
type parser struct {
	path           string // for error texts
	records        []record
	inSection      bool // a section is open
	inOption       bool // an option is open: continuation lines belong to it
	indent         int  // column of the last line that continued no other
	line           int
	errorLines     []string // the wrong lines, as they are reported
	firstErrorLine int      // number of the first of them
}

// parse reads a file's text.
func parse(text, path string) ([]record, error) {
	text, err := decodeText(text)
	if err != nil {
		return nil, err
	}
	p := parser{path: path, records: make([]record, 0, strings.Count(text, "\n")+1)}
	for line := range strings.Lines(text) {
		p.line++
		if err := p.parseLine(line); err != nil {
			return nil, err
		}
	}
	if p.errorLines != nil {
		text := "Source contains parsing errors: " + python.Repr(path) + strings.Join(p.errorLines, "")
		return nil, &SyntaxError{p.firstErrorLine, text}
	}
	for i := range p.records {
		p.records[i].joinValue()
	}
	return p.records, nil
}

// joinValue joins the lines of the value, without the blank ones at its end.
func (r *record) joinValue() {
	if r.continuation != nil {
		r.value = strings.TrimRightFunc(r.value+"\n"+strings.Join(r.continuation, "\n"), python.IsSpace)
	}
}

// parseLine reads one line with its line end.
func (p *parser) parseLine(line string) error {
	cut := commentStart(line)
	value := python.Strip(line[:cut])
	if value == "" {
		// A blank line may be part of a value, a comment is not.
		if p.inOption && cut == len(line) {
			p.appendValue("")
		}
		return nil
	}
	column := utf8.RuneCountInString(line[:len(line)-len(strings.TrimLeftFunc(line, python.IsSpace))])
	if p.inOption && column > p.indent {
		p.appendValue(value)
		return nil
	}
	p.indent = column
	if end := strings.LastIndexByte(value, ']'); value[0] == '[' && end > 1 {
		p.records = append(p.records, record{section: value[1:end], line: p.line})
		p.inSection, p.inOption = true, false
		return nil
	}
	if !p.inSection {
		text := fmt.Sprintf("File contains no section headers.\nfile: %s, line: %d\n%s", python.Repr(p.path), p.line, python.Repr(line))
		return &SyntaxError{p.line, text}
	}
	p.parseOption(line, value)
	return nil
}

// parseOption reads "name = value" or "name: value".
func (p *parser) parseOption(line, text string) {
	i := strings.IndexAny(text, "=:")
	name := ""
	if i >= 0 {
		name = python.Lower(python.Strip(text[:i]))
		// An option without a name takes no continuation lines either.
		p.inOption = name != ""
	}
	if name == "" {
		if p.errorLines == nil {
			p.firstErrorLine = p.line
		}
		p.errorLines = append(p.errorLines, fmt.Sprintf("\n\t[line %2d]: %s", p.line, python.Repr(line)))
		return
	}
	section := p.records[len(p.records)-1].section
	p.records = append(p.records, record{section: section, option: name, value: python.Strip(text[i+1:]), line: p.line})
}

// appendValue adds a line to the value of the open option.
func (p *parser) appendValue(value string) {
	r := &p.records[len(p.records)-1]
	r.continuation = append(r.continuation, value)
}

// commentStart returns where the comment of a line begins, or the line's length.
// The two comment characters are looked for in turns, the first occurrence of
// each, then the second of each, until a turn finds one that begins a comment:
// in "a;b ;c # d" the first turn finds the "#" and so the ";" is missed.
func commentStart(line string) int {
	if body := python.Strip(line); body != "" && (body[0] == '#' || body[0] == ';') {
		return 0
	}
	cut := len(line)
	if strings.IndexByte(line, ';') < 0 && strings.IndexByte(line, '#') < 0 {
		return cut
	}
	positions := []int{-1, -1}
	for cut == len(line) && (positions[0] < len(line) || positions[1] < len(line)) {
		for i, prefix := range []byte{';', '#'} {
			at := nextIndex(line, prefix, positions[i])
			positions[i] = at
			if at < cut && afterSpace(line, at) {
				cut = at
			}
		}
	}
	return cut
}

// nextIndex finds c in line after position at; the line's length means none.
func nextIndex(line string, c byte, at int) int {
	if at+1 >= len(line) {
		return len(line)
	}
	i := strings.IndexByte(line[at+1:], c)
	if i < 0 {
		return len(line)
	}
	return at + 1 + i
}

func afterSpace(line string, at int) bool {
	r, n := utf8.DecodeLastRuneInString(line[:at])
	return n == 0 || python.IsSpace(r)
}

// decodeText checks that the text is UTF-8, skips a byte-order mark and makes
// every line end a line feed.
func decodeText(text string) (string, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	if err := checkUTF8(text); err != nil {
		return "", err
	}
	if strings.IndexByte(text, '\r') >= 0 {
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	}
	return text, nil
}

// checkUTF8 words the error as Python's decoder does.
func checkUTF8(text string) error {
	if utf8.ValidString(text) {
		return nil
	}
	at := 0
	for r, n := utf8.DecodeRuneInString(text); r != utf8.RuneError || n != 1; r, n = utf8.DecodeRuneInString(text[at:]) {
		at += n
	}
	line := 1 + strings.Count(text[:at], "\n")
	n, reason := invalidUTF8(text[at:])
	if n == 1 {
		return &SyntaxError{line, fmt.Sprintf("'utf-8' codec can't decode byte 0x%02x in position %d: %s", text[at], at, reason)}
	}
	return &SyntaxError{line, fmt.Sprintf("'utf-8' codec can't decode bytes in position %d-%d: %s", at, at+n-1, reason)}
}

// invalidUTF8 returns what is wrong with the sequence at the beginning of s, and how
// many of its bytes are valid.
func invalidUTF8(s string) (n int, reason string) {
	if s[0] < 0xc2 || s[0] > 0xf4 {
		return 1, "invalid start byte"
	}
	for n = 1; n < len(s); n++ {
		if utf8.FullRuneInString(s[:n+1]) {
			return n, "invalid continuation byte"
		}
	}
	return n, "unexpected end of data"
}
