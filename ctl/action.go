package ctl

import (
	"context"
	"slices"
	"strings"
)

// action is one row of the table: everything that the command line, the shell,
// help and completion know of an action.
type action struct {
	name   string
	help   []string // the lines that "help name" prints
	hidden bool     // left out of the list of actions

	upCheck  bool // ask first whether a server of our version is there
	downExit int  // exit status when it is not, 0 for the usual ones

	noArguments bool   // any argument is an error
	minArgs     int    // how many words it takes at least
	requires    string // what these are, for the error message
	usageExit   int    // exit status when there are fewer, 0 for the generic one

	flags []actionFlag
	// operand reports whether a word that looks like a flag is none, such as the
	// number in "tail -100": there are so many words before it. nil for never.
	operand func(word string, before int) bool
	// instead is what to type in the place of a flag that there is not, "" for
	// nothing. It may be nil.
	suggest func(name string) string

	completes completion // what its words are completed to

	run func(s *session, ctx context.Context, in arguments) error
}

// actionTable returns the actions, ordered by name.
func actionTable() []action {
	all := slices.Concat(
		statusActions(), processActions(), logActions(), foregroundActions(),
		groupActions(), rollingActions(), daemonActions(), shellActions(), stopActions(), graphActions(), refreshActions(), socketActions(), healthActions())
	slices.SortFunc(all, func(a, b action) int { return strings.Compare(a.name, b.name) })
	return all
}

// find looks an action up by its exact name.
func (s *session) find(name string) (*action, bool) {
	i, ok := slices.BinarySearchFunc(s.actions, name, func(a action, name string) int {
		return strings.Compare(a.name, name)
	})
	if !ok {
		return nil, false
	}
	return &s.actions[i], true
}

// splitLine is split for a line that begins with an action whose name has a hyphen,
// which none of Supervisor's has.
func (s *session) splitLine(line string) (name, arg string) {
	if word, rest, _ := strings.Cut(line, " "); strings.Contains(word, "-") {
		if _, ok := s.find(word); ok {
			return word, strings.TrimSpace(rest)
		}
	}
	return split(line)
}

// split takes a line apart into the action and its argument. The action is the
// leading run of ASCII letters, digits and underscores, so "status;pid" is the
// action status with the argument ";pid". A leading question mark is short for
// help. There is no action if the line begins with anything else.
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

// runAction checks what the table says must hold and runs the action. The flags are
// looked at first, before anything is sent.
func (s *session) runAction(ctx context.Context, a *action, arg string) error {
	in, err := s.parse(a, arg)
	if err != nil {
		s.rejectFlags(err)
		return nil
	}
	if a.noArguments && len(in.words) > 0 {
		s.printUsageError(a, "Error: "+a.name+" accepts no arguments", exitGeneric)
		return nil
	}
	if a.upCheck {
		if err := s.upCheck(ctx); err != nil {
			return err
		}
	}
	if len(in.words) < a.minArgs {
		s.printUsageError(a, "Error: "+a.name+" requires "+a.requires, max(a.usageExit, exitGeneric))
		return nil
	}
	return a.run(s, ctx, in)
}

// printUsageError says what is wrong with the arguments and shows the action's help.
func (s *session) printUsageError(a *action, message string, exit int) {
	s.print(message)
	s.exit = exit
	s.showHelp(a)
}

// rejectFlags reports flags that can't be used.
func (s *session) rejectFlags(err error) {
	s.print("Error: " + err.Error())
	s.exit = exitUsage
}

// printError reports a mistake that needs no help text.
func (s *session) printError(message string) {
	s.print(message)
	s.exit = exitGeneric
}
