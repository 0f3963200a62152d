package web

import (
	"html/template"
	"strings"

	"supervisor/supervisord/server/longtext"
)

// escapeText escapes text between tags as Supervisor does: & and <, and ]]>, which XML
// forbids. That is enough there, and a program that searches a page for a piece of JSON
// from a log still finds it. Attributes and titles are escaped by the templates.
func escapeText(s string) template.HTML {
	for _, r := range [][2]string{{"&", "&amp;"}, {"<", "&lt;"}, {"]]>", "]]&gt;"}} {
		s = strings.ReplaceAll(s, r[0], r[1])
	}
	return template.HTML(s)
}

// textEscaper escapes a text that comes in pieces exactly as printable and escapeText
// would escape it as a whole.
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

// printable replaces characters that must not be in a page. Control characters, which a
// terminal would obey if the page were printed there, become the symbols that Unicode
// has for them; invalid bytes and code points become U+FFFD.
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
