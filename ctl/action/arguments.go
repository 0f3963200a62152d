package action

import (
	"errors"
	"strings"

	"supervisor/supervisord/config/shlex"
)

// Arguments are the words behind the name of an action.
type Arguments struct {
	Line        string            // as typed; without flags and "--" if there are any
	Words       []string          // all words but flags and their values
	LiteralFrom int               // the index in Words of the first one behind "--"
	Flags       map[string]string // the flags given; "" for one that takes no value
	Help        bool              // --help was given: nothing else counts
}

// Has reports whether a flag was given.
func (in Arguments) Has(flag string) bool {
	_, ok := in.Flags[flag]
	return ok
}

// Parse reads the arguments of an action. Flags may stand anywhere before "--".
// A word that looks like a flag and is none is an error: if it passed for a name,
// the action would do something that was not meant.
func (t *Table) Parse(a *Spec, line string) (Arguments, error) {
	words, err := a.split(line)
	if err != nil {
		return Arguments{}, errors.New(a.Name + ": " + err.Error())
	}
	in := Arguments{Line: line, Flags: make(map[string]string)}
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			in.LiteralFrom = len(in.Words)
			in.Words = append(in.Words, words[i+1:]...)
			in.Line = strings.Join(in.Words, " ")
			return in, nil
		case !looksLikeFlag(word), a.Operand != nil && a.Operand(word, len(in.Words)):
			in.Words = append(in.Words, word)
			continue
		}
		name, value, hasValue := strings.Cut(word, "=")
		f, ok := a.flag(name)
		if !ok && (word == "--help" || word == "-h") {
			return Arguments{Help: true}, nil
		}
		if !ok {
			return in, t.unknownFlag(a, name)
		}
		if f.takesValue() && !hasValue && i+1 < len(words) && !looksLikeFlag(words[i+1]) {
			i++
			value, hasValue = words[i], true
		}
		if err := f.accept(value, hasValue); err != nil {
			return in, errors.New(a.Name + ": " + err.Error())
		}
		in.Flags[f.Name] = value
	}
	in.LiteralFrom = len(in.Words)
	if len(in.Flags) > 0 {
		in.Line = strings.Join(in.Words, " ")
	}
	return in, nil
}

// split divides a line into words.
func (a *Spec) split(line string) ([]string, error) {
	if !a.Quoted {
		return strings.Fields(line), nil
	}
	return shlex.Split(line)
}

// Join makes a line of the words of a command line, of which the first is the name of
// an action.
func (t *Table) Join(words []string) string {
	if a := t.Find(words[0]); a == nil || !a.Quoted {
		return strings.Join(words, " ")
	}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
	}
	quoted[0] = words[0]
	return strings.Join(quoted, " ")
}

// looksLikeFlag reports whether a word begins with a hyphen, or with one of the
// dashes that text programs put in its place.
func looksLikeFlag(word string) bool {
	return strings.HasPrefix(word, "-") || word != normalizeDashes(word)
}

// normalizeDashes replaces the dashes at the beginning of a word with hyphens.
// The long dashes stand for two.
func normalizeDashes(word string) string {
	rest := strings.TrimLeft(word, "-‐‑‒–—―−")
	dashes := word[:len(word)-len(rest)]
	return strings.NewReplacer("‐", "-", "‑", "-", "‒", "-", "–", "-", "−", "-", "—", "--", "―", "--").Replace(dashes) + rest
}
