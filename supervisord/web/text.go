package web

import (
	"html/template"
	"strings"
)

// text escapes what stands between tags as Supervisor does: & and < and no
// more, but for what XML forbids. That is enough there, and whoever searches a
// page for a piece of JSON that a program has printed still finds it. In
// attributes and titles the templates escape by themselves.
func text(s string) template.HTML {
	for _, r := range [][2]string{{"&", "&amp;"}, {"<", "&lt;"}, {"]]>", "]]&gt;"}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return template.HTML(s)
}

// printable replaces what must not stand in a page: control characters, which
// a terminal would obey that the page is printed on, become the pictures that
// Unicode has for them; bytes and code points that are no characters become
// U+FFFD.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return r
		case r < ' ':
			return '␀' + r
		case r == 0x7f:
			return '␡'
		case 0x80 <= r && r < 0xa0, r == 0xfffe, r == 0xffff:
			return '\uFFFD'
		}
		return r
	}, s)
}
