package inspect

import (
	"slices"
	"unicode/utf8"

	"supervisor/ctl/session"
)

// Actions returns the actions of the package.
func Actions() []session.Action {
	return slices.Concat(
		statusActions(), daemonActions(), healthActions(), graphActions(), environmentActions(), socketActions())
}

// nameColumn returns the width of a column of names, as Supervisor chooses it:
// 30, or the longest name, and three blanks.
func nameColumn[T any](list []T, name func(T) string) int {
	width := 30
	for _, item := range list {
		width = max(width, utf8.RuneCountInString(name(item)))
	}
	return width + 3
}
