package python

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// UnknownName is the error for an unknown %(name)s.
type UnknownName string

// Error names it.
func (n UnknownName) Error() string { return "unknown name " + string(n) }

// The errors of Python for a wrong format string.
var (
	errIncomplete    = errors.New("incomplete format")
	errIncompleteKey = errors.New("incomplete format key")
	errNotEnough     = errors.New("not enough arguments for format string")
	errStarWantsInt  = errors.New("* wants int")
	errWidthTooBig   = errors.New("width too big")
	errPrecTooBig    = errors.New("precision too big")
)

// maxWidth limits widths and precisions, so that a typing error does not fill the
// memory as it would with Python.
const maxWidth = 1 << 16

// mapping stands for the whole dictionary of names, the argument of a conversion
// without a name.
type mapping struct{}

// formatter implements Python's "format % dictionary". Its fields have the names of
// the Python documentation.
type formatter struct {
	text   string // not read yet
	index  int    // characters read
	lookup func(name string) (any, bool)
	out    strings.Builder
	arg    any // argument of the next conversion, nil once it is used

	// The conversion being read:
	flags       string
	width, prec int // -1 for none
	verb        rune
}

// Format is text % dictionary: it replaces the conversions in text by values
// that lookup finds, which are strings or ints. The error is an [UnknownName] or has
// Python's text.
func Format(text string, lookup func(name string) (any, bool)) (string, error) {
	f := formatter{text: text, lookup: lookup, arg: mapping{}}
	for f.text != "" {
		if r, _ := f.next(); r != '%' {
			f.out.WriteRune(r)
			continue
		}
		if err := f.conversion(); err != nil {
			return "", err
		}
	}
	return f.out.String(), nil
}

// next takes one character. Bytes that are not UTF-8, which no file has, become U+FFFD.
func (f *formatter) next() (r rune, ok bool) {
	if f.text == "" {
		return 0, false
	}
	r, n := utf8.DecodeRuneInString(f.text)
	f.text = f.text[n:]
	f.index++
	return r, true
}

// conversion reads what follows a percent sign and converts the argument.
func (f *formatter) conversion() error {
	f.flags, f.width, f.prec = "", -1, -1
	r, ok := f.next()
	if r == '%' {
		f.out.WriteByte('%')
		return nil
	}
	if r == '(' {
		if err := f.key(); err != nil {
			return err
		}
		r, ok = f.next()
	}
	for ok && strings.ContainsRune("-+ #0", r) {
		f.flags += string(r)
		r, ok = f.next()
	}
	r, ok, err := f.widths(r, ok)
	if err != nil {
		return err
	}
	if ok && (r == 'h' || r == 'l' || r == 'L') {
		r, ok = f.next()
	}
	switch {
	case !ok:
		return errIncomplete
	case f.width > maxWidth:
		return errWidthTooBig
	case f.prec > maxWidth:
		return errPrecTooBig
	}
	f.verb = r
	return f.convert()
}

// widths reads width and precision.
func (f *formatter) widths(r rune, ok bool) (rune, bool, error) {
	r, ok, err := f.number(r, ok, &f.width)
	if err != nil {
		return r, ok, err
	}
	if f.width < -1 {
		f.flags, f.width = f.flags+"-", -f.width
	}
	if ok && r == '.' {
		f.prec = 0
		r, ok = f.next()
		r, ok, err = f.number(r, ok, &f.prec)
		f.prec = max(f.prec, 0)
	}
	return r, ok, err
}

// key reads the name in parentheses, which may contain balanced ones, and
// makes its value the argument.
func (f *formatter) key() error {
	rest := f.text
	for depth := 1; depth > 0; {
		r, ok := f.next()
		switch {
		case !ok:
			return errIncompleteKey
		case r == '(':
			depth++
		case r == ')':
			depth--
		}
	}
	name := rest[:len(rest)-len(f.text)-1]
	value, ok := f.lookup(name)
	if !ok {
		return UnknownName(name)
	}
	f.arg = value
	return nil
}

// number reads a width or a precision: digits, or a star for the argument.
func (f *formatter) number(r rune, ok bool, n *int) (rune, bool, error) {
	switch {
	case ok && r == '*':
		if f.arg == nil {
			return r, ok, errNotEnough
		}
		value, isInt := f.arg.(int)
		f.arg = nil
		if !isInt {
			return r, ok, errStarWantsInt
		}
		*n = value
		r, ok = f.next()
	case ok && '0' <= r && r <= '9':
		for *n = 0; ok && '0' <= r && r <= '9'; r, ok = f.next() {
			*n = min(*n*10+int(r-'0'), maxWidth+1)
		}
	}
	return r, ok, nil
}

func (f *formatter) hasFlag(flag byte) bool { return strings.IndexByte(f.flags, flag) >= 0 }
