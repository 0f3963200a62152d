package action

import (
	"errors"
	"fmt"
	"strings"
)

// unknownFlag returns the error for a flag that an action does not have.
func (t *Table) unknownFlag(a *Spec, name string) error {
	text := a.Name + ": no such flag " + name
	if hint := t.flagHint(a, name); hint != "" {
		text += "; " + hint
	}
	return errors.New(text + " (-- ends the flags)")
}

// flagHint says what to type instead of an unknown flag: the most similar flag
// of the action, the action that has the flag, or the place where it belongs.
func (t *Table) flagHint(a *Spec, name string) string {
	if similar := closestFlag(name, a.Flags); similar != "" {
		return "did you mean " + similar + "?"
	}
	if a.Suggest != nil {
		if word := a.Suggest(name); word != "" {
			return "did you mean " + word + "?"
		}
	}
	var others []string
	for _, other := range t.specs {
		if _, ok := other.flag(name); ok {
			others = append(others, other.Name)
		}
	}
	if len(others) > 0 {
		return "it is a flag of " + strings.Join(others, ", ")
	}
	if t.isOption(name) {
		return "options of supervisorctl stand before the action"
	}
	for _, other := range t.specs {
		if similar := closestFlag(name, other.Flags); similar != "" {
			return fmt.Sprintf("did you mean %s of %s?", similar, other.Name)
		}
	}
	if len(a.Flags) == 0 {
		return a.Name + " has no flags"
	}
	var all []string
	for _, f := range a.Flags {
		all = append(all, f.Usage())
	}
	return "there are " + strings.Join(all, ", ")
}

// closestFlag returns the flag that a word was probably meant to be: one that
// begins with the word, or one that is a few typing mistakes away. It returns ""
// if there is none.
func closestFlag(word string, flags []Flag) string {
	word = strings.ToLower(strings.ReplaceAll(normalizeDashes(word), "_", "-"))
	bare := strings.TrimLeft(word, "-")
	best, distance := "", len(bare)/3+2
	for _, f := range flags {
		name := strings.TrimLeft(f.Name, "-")
		if bare == name || len(bare) > 1 && strings.HasPrefix(name, bare) {
			return f.Name
		}
		if len(name) < 2 || len(bare) < 2 {
			continue
		}
		if d := editDistance(bare, name); d < distance {
			best, distance = f.Name, d
		}
	}
	return best
}

// editDistance counts the letters of a that are wrong, missing, superfluous or
// exchanged with their neighbour, compared with b.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
