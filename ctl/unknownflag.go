package ctl

import (
	"fmt"
	"slices"
	"strings"
)

// unknownFlag says that an action has no such flag, and what was probably meant.
func (s *session) unknownFlag(a *action, name string) error {
	text := a.name + ": no such flag " + name
	if hint := s.flagHint(a, name); hint != "" {
		text += "; " + hint
	}
	return flagError(text + " (-- ends the flags)")
}

// flagHint is what to do instead of giving an action a flag that it does not have:
// the flag of its own that looks most alike, the action that has it, or the place
// where it belongs.
func (s *session) flagHint(a *action, name string) string {
	if similar := closestFlag(name, a.flags); similar != "" {
		return "did you mean " + similar + "?"
	}
	if a.suggest != nil {
		if word := a.suggest(name); word != "" {
			return "did you mean " + word + "?"
		}
	}
	var others []string
	for _, other := range s.actions {
		if _, ok := other.flag(name); ok {
			others = append(others, other.name)
		}
	}
	if len(others) > 0 {
		return "it is a flag of " + strings.Join(others, ", ")
	}
	if isOption(name) {
		return "options of supervisorctl stand before the action"
	}
	for _, other := range s.actions {
		if similar := closestFlag(name, other.flags); similar != "" {
			return fmt.Sprintf("did you mean %s of %s?", similar, other.name)
		}
	}
	if len(a.flags) == 0 {
		return a.name + " has no flags"
	}
	var all []string
	for _, f := range a.flags {
		all = append(all, f.usage())
	}
	return "there are " + strings.Join(all, ", ")
}

// isOption reports whether a word is an option of supervisorctl's own.
func isOption(name string) bool {
	for _, o := range optionTable() {
		long, isLong := strings.CutPrefix(name, "--")
		if isLong && (long == o.Long || slices.Contains(o.Aliases, long)) ||
			!isLong && len(name) > 1 && strings.Contains(o.Short, name[1:2]) {
			return true
		}
	}
	return false
}

// closestFlag returns the flag that a word was probably meant to be, "" for none: one
// that it begins like, or one that is few typing mistakes away.
func closestFlag(word string, flags []actionFlag) string {
	word = strings.ToLower(strings.ReplaceAll(normalizeDashes(word), "_", "-"))
	bare := strings.TrimLeft(word, "-")
	best, distance := "", len(bare)/3+2
	for _, f := range flags {
		name := strings.TrimLeft(f.name, "-")
		if bare == name || len(bare) > 1 && strings.HasPrefix(name, bare) {
			return f.name
		}
		if len(name) < 2 || len(bare) < 2 {
			continue
		}
		if d := editDistance(bare, name); d < distance {
			best, distance = f.name, d
		}
	}
	return best
}

// editDistance counts the letters that are wrong, missing, too many or exchanged with
// their neighbour.
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
