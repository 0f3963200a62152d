package ctl

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

func shellActions() []action {
	quit := func(s *session, _ context.Context, _ arguments) error {
		s.print("")
		return errQuit
	}
	return []action{
		{
			name: "help",
			help: []string{
				"help\t\tPrint a list of available actions",
				"help <action>\tPrint help for <action>",
			},
			hidden:    true,
			completes: completeActions,
			run:       (*session).help,
		},
		{name: "exit", help: []string{"exit\tExit the supervisor shell."}, run: quit},
		{name: "quit", help: []string{"quit\tExit the supervisor shell."}, run: quit},
		// The end of the input arrives as this action.
		{name: "EOF", hidden: true, run: quit},
	}
}

// help prints the list of actions or the help of one.
func (s *session) help(_ context.Context, in arguments) error {
	arg := in.line
	if arg == "" {
		s.listActions()
		return nil
	}
	a, ok := s.find(arg)
	if !ok || a.help == nil {
		s.print("*** No help on " + arg)
		return nil
	}
	s.showHelp(a)
	return nil
}

func (s *session) showHelp(a *action) { s.print(strings.Join(a.help, "\n")) }

func (s *session) listActions() {
	const header = "default commands (type help <topic>):"
	var names []string
	for _, a := range s.actions {
		if !a.hidden {
			names = append(names, a.name)
		}
	}
	s.printf("\n%s\n%s\n%s", header, strings.Repeat("=", len(header)), columns(names, 79))
}

// columns arranges words in as few rows as fit the width, running down the
// columns. Each column is as wide as its longest word, also the last one, and
// two blanks part them. Every row ends in a newline.
func columns(words []string, width int) string {
	rows := 1
	widths := columnWidths(words, rows)
	for ; rows < len(words) && lineWidth(widths) > width; widths = columnWidths(words, rows) {
		rows++
	}
	var b strings.Builder
	for row := range min(rows, len(words)) {
		for column, w := range widths {
			i := row + rows*column
			if i >= len(words) {
				break
			}
			if column > 0 {
				b.WriteString("  ")
			}
			fmt.Fprintf(&b, "%-*s", w, words[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func columnWidths(words []string, rows int) []int {
	widths := make([]int, (len(words)+rows-1)/rows)
	for i, word := range words {
		column := i / rows
		widths[column] = max(widths[column], utf8.RuneCountInString(word))
	}
	return widths
}

func lineWidth(widths []int) int {
	sum := -2
	for _, w := range widths {
		sum += w + 2
	}
	return sum
}
