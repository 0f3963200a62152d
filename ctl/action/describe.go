package action

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Description is what a list of actions shows of one.
type Description struct {
	Name string
	Help []string // one line for each form of the action, single-spaced
}

// FlagDescription is what a list of flags shows of one.
type FlagDescription struct {
	Usage   string // such as "--timeout TIME"
	Help    string
	Actions []string // the actions that have this flag with this help
}

// Describe returns a description of each action that is not hidden.
func (t *Table) Describe() []Description {
	var list []Description
	for _, a := range t.specs {
		if a.Hidden {
			continue
		}
		d := Description{Name: a.Name}
		for _, line := range a.Help {
			if words := strings.Fields(line); len(words) > 0 {
				d.Help = append(d.Help, strings.Join(words, " "))
			}
		}
		list = append(list, d)
	}
	return list
}

// DescribeFlags returns a description of each flag, hidden actions included.
func (t *Table) DescribeFlags() []FlagDescription {
	var list []FlagDescription
	for _, a := range t.specs {
		for _, f := range a.Flags {
			i := slices.IndexFunc(list, func(d FlagDescription) bool { return d.Usage == f.Usage() && d.Help == f.Help })
			if i < 0 {
				i = len(list)
				list = append(list, FlagDescription{Usage: f.Usage(), Help: f.Help})
			}
			list[i].Actions = append(list[i].Actions, a.Name)
		}
	}
	return list
}

// Overview returns the text that "help" prints: the names of all actions that
// are not hidden.
func (t *Table) Overview() string {
	const header = "default commands (type help <topic>):"
	var names []string
	for _, a := range t.specs {
		if !a.Hidden {
			names = append(names, a.Name)
		}
	}
	return fmt.Sprintf("\n%s\n%s\n%s", header, strings.Repeat("=", len(header)), columns(names, 79))
}

// columns arranges words in as few rows as fit the width, running down the
// columns. Each column, also the last, is as wide as its longest word; two blanks
// separate them. Every row ends in a newline.
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
