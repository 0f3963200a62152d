package action

import (
	"slices"
	"strings"
)

// Spec describes one action to the parser, to help and to completion.
type Spec struct {
	Name   string
	Help   []string // the lines that "help NAME" prints; nil if there is no help
	Hidden bool     // left out of the list of actions

	// Topic and Short are for the full list of actions. Supervisor's own actions have
	// neither.
	Topic Topic
	Short string

	NoArguments bool   // any argument is an error
	MinArgs     int    // the smallest number of words
	Requires    string // what these words are, for the error message

	// Quoted lets words be quoted as in a POSIX shell, so that a value may hold
	// blanks. Supervisor's own actions know no quotes.
	Quoted bool

	Flags []Flag
	// Operand reports whether a word that looks like a flag is an argument, such
	// as the number in "tail -100". before counts the words in front of it. A nil
	// function accepts none.
	Operand func(word string, before int) bool
	// Suggest returns what to type instead of an unknown flag, "" if it has no
	// suggestion. It may be nil.
	Suggest func(flag string) string

	Completes Completion
}

// Completion says what the words behind an action are completed to.
type Completion int

// The kinds of words.
const (
	CompleteNothing Completion = iota
	CompleteActions
	CompleteGroups
	CompleteProcesses
	CompleteEventTypes
	CompleteShells
)

// Table holds the actions in the order of their names.
type Table struct {
	specs    []*Spec
	isOption func(word string) bool
}

// NewTable returns a table of the given actions. isOption reports whether a word
// is an option of supervisorctl itself, which belongs in front of the action.
func NewTable(specs []*Spec, isOption func(word string) bool) *Table {
	specs = slices.Clone(specs)
	slices.SortFunc(specs, func(a, b *Spec) int { return strings.Compare(a.Name, b.Name) })
	return &Table{specs: specs, isOption: isOption}
}

// All returns the actions in the order of their names.
func (t *Table) All() []*Spec { return t.specs }

// Find looks up an action by its exact name. It returns nil if there is none.
func (t *Table) Find(name string) *Spec {
	i, ok := slices.BinarySearchFunc(t.specs, name, func(a *Spec, name string) int {
		return strings.Compare(a.Name, name)
	})
	if !ok {
		return nil
	}
	return t.specs[i]
}

// Split divides a line into the name of an action and its argument. The name is
// "" if the line does not begin with a name. It is not necessarily in the table.
func (t *Table) Split(line string) (name, arg string) {
	// split ends a name at a hyphen, since no action of Supervisor's has one.
	if word, rest, _ := strings.Cut(line, " "); strings.Contains(word, "-") && t.Find(word) != nil {
		return word, strings.TrimSpace(rest)
	}
	return split(line)
}

// split divides a line as Supervisor does. The action is the leading run of
// ASCII letters, digits and underscores, so "status;pid" is the action status
// with the argument ";pid". A leading question mark is short for help.
func split(line string) (name, arg string) {
	if rest, ok := strings.CutPrefix(line, "?"); ok {
		return "help", strings.TrimSpace(rest)
	}
	end := strings.IndexFunc(line, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
	if end < 0 {
		end = len(line)
	}
	return line[:end], strings.TrimSpace(line[end:])
}

// MeansAll reports whether names select everything: there are none, or one of
// them is "all".
func MeansAll(names []string) bool {
	return len(names) == 0 || slices.Contains(names, "all")
}
