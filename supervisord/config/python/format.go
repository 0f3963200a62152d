package python

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
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

// convert converts the argument.
func (f *formatter) convert() error {
	arg := f.arg
	f.arg = nil
	if arg == nil {
		return errNotEnough
	}
	switch f.verb {
	case 's', 'r', 'a':
		return f.str(arg)
	case 'd', 'i', 'u', 'o', 'x', 'X':
		return f.integer(arg)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		return f.float(arg)
	case 'c':
		return f.char(arg)
	}
	shown := '?'
	if 31 <= f.verb && f.verb <= 126 {
		shown = f.verb
	}
	return fmt.Errorf("unsupported format character '%c' (0x%x) at index %d", shown, f.verb, f.index-1)
}

// str converts with %s, %r and %a. Without a name Python writes the whole dictionary,
// with the environment; here that is an error.
func (f *formatter) str(arg any) error {
	var s string
	switch v := arg.(type) {
	case int:
		s = strconv.Itoa(v)
	case string:
		if s = v; f.verb != 's' {
			s = Repr(v)
		}
		if f.verb == 'a' {
			s = ascii(s)
		}
	default:
		return fmt.Errorf("%%%c without a name", f.verb)
	}
	if f.prec >= 0 && utf8.RuneCountInString(s) > f.prec {
		s = string([]rune(s)[:f.prec])
	}
	f.pad("", s, ' ')
	return nil
}

// ascii escapes the characters that Repr does not.
func ascii(s string) string {
	var b []byte
	for _, r := range s {
		if r <= unicode.MaxASCII {
			b = append(b, byte(r))
		} else {
			b = escapeNumber(b, r)
		}
	}
	return string(b)
}

func (f *formatter) integer(arg any) error {
	n, ok := arg.(int)
	if !ok {
		wanted := "a real number"
		if strings.ContainsRune("oxX", f.verb) {
			wanted = "an integer"
		}
		return fmt.Errorf("%%%c format: %s is required, not %s", f.verb, wanted, pythonType(arg))
	}
	base, prefix := 10, ""
	switch f.verb {
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(f.verb)
	}
	digits := strings.TrimPrefix(strconv.FormatInt(int64(n), base), "-")
	if f.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if missing := f.prec - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if !f.hasFlag('#') {
		prefix = ""
	}
	f.signed(n < 0, prefix, digits)
	return nil
}

func (f *formatter) float(arg any) error {
	n, ok := arg.(int)
	if !ok {
		return fmt.Errorf("must be real number, not %s", pythonType(arg))
	}
	prec := f.prec
	if prec < 0 {
		prec = 6
	}
	layout := "%.*" + string(f.verb)
	if f.hasFlag('#') {
		layout = "%#.*" + string(f.verb)
	}
	digits := strings.TrimPrefix(fmt.Sprintf(layout, prec, float64(n)), "-")
	f.signed(n < 0, "", digits)
	return nil
}

func (f *formatter) char(arg any) error {
	switch v := arg.(type) {
	case int:
		if v < 0 || v > unicode.MaxRune {
			return errors.New("%c arg not in range(0x110000)")
		}
		f.pad("", string(rune(v)), ' ')
		return nil
	case string:
		if utf8.RuneCountInString(v) == 1 {
			f.pad("", v, ' ')
			return nil
		}
	}
	return errors.New("%c requires int or char")
}

func (f *formatter) hasFlag(flag byte) bool { return strings.IndexByte(f.flags, flag) >= 0 }

// signed writes a number with its sign and, if asked for, leading zeros.
func (f *formatter) signed(negative bool, prefix, digits string) {
	sign := ""
	switch {
	case negative:
		sign = "-"
	case f.hasFlag('+'):
		sign = "+"
	case f.hasFlag(' '):
		sign = " "
	}
	fill := ' '
	if f.hasFlag('0') {
		fill = '0'
	}
	f.pad(sign+prefix, digits, fill)
}

// pad writes prefix and body and fills up to the width: with zeros between the two,
// or blanks before or after both.
func (f *formatter) pad(prefix, body string, fill rune) {
	missing := max(0, f.width-utf8.RuneCountInString(prefix+body))
	filling := strings.Repeat(string(fill), missing)
	switch {
	case f.hasFlag('-'):
		f.out.WriteString(prefix + body + strings.Repeat(" ", missing))
	case fill == '0':
		f.out.WriteString(prefix + filling + body)
	default:
		f.out.WriteString(filling + prefix + body)
	}
}

func pythonType(v any) string {
	switch v.(type) {
	case int:
		return "int"
	case string:
		return "str"
	}
	return "dict"
}
