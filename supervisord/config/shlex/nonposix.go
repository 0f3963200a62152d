package shlex

import "strings"

// NonPOSIXTokens returns what Python's shlex.shlex(s) yields without posix=True, with
// the same additional characters of words as in Tokens: quotes stay, a backslash is
// an ordinary character, and quotes inside a word do not begin quoted text. It is how
// Supervisor read lists of variables before 4.4. The error is ErrQuotation.
func NonPOSIXTokens(s string) ([]string, error) {
	var tokens []string
	word := "" // the current one
	endWord := func() {
		if word != "" {
			tokens = append(tokens, word)
		}
		word = ""
	}
	for s != "" {
		l := lexer{text: s}
		r, c := l.next()
		s = l.text
		switch {
		case strings.ContainsRune(" \t\r\n", r):
			endWord()
		case r == '#': // also inside a word, which continues after the line
			_, s, _ = strings.Cut(s, "\n")
		case (r == '"' || r == '\'') && word == "":
			inside, rest, closed := strings.Cut(s, c)
			if !closed {
				return nil, ErrQuotation
			}
			tokens, s = append(tokens, c+inside+c), rest
		case r == '"' || r == '\'' || r < 0x80 && isWordChar(r):
			word += c
		default:
			endWord()
			tokens = append(tokens, c)
		}
	}
	endWord()
	return tokens, nil
}
