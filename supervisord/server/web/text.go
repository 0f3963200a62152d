package web

import (
	"html/template"
	"strings"

	"supervisor/supervisord/server/longtext"
)

// escapeText escapes what stands between tags as Supervisor does: & and < and no
// more, but for what XML forbids. That is enough there, and whoever searches a
// page for a piece of JSON that a program has printed still finds it. In
// attributes and titles the templates escape by themselves.
func escapeText(s string) template.HTML {
	for _, r := range [][2]string{{"&", "&amp;"}, {"<", "&lt;"}, {"]]>", "]]&gt;"}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return template.HTML(s)
}

// textEscaper has a text that comes in pieces be what printable and text make of it as
// a whole.
func textEscaper() longtext.Escaper {
	pending := "" // brackets at the end of a piece, which a > may follow
	return func(dst []byte, piece string, last bool) []byte {
		piece = pending + piece
		pending = ""
		if !last {
			rest := strings.TrimRight(piece, "]")
			rest = piece[:max(len(rest), len(piece)-len("]]"))]
			piece, pending = rest, piece[len(rest):]
		}
		return append(dst, escapeText(printable(piece))...)
	}
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
