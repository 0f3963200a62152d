package python

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

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
