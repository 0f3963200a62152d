package inspect

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"supervisor/ctl/names"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs/printable"
)

// terminalTable is statusTable for a person: with notes about restarts and readiness, and
// with colours if color is set. It has Supervisor's columns if they fit into the width of
// the terminal, in columns. Control characters in what programs and configuration say are
// escaped.
func terminalTable(infos []api.ProcessInfo, causes map[string][]api.Reason, past map[string]api.ProcessRuns, width int, color bool) string {
	labels, texts := make([]string, len(infos)), make([]string, len(infos))
	longest := 0
	for i, info := range infos {
		name := namespec.Join(info.Group, info.Name)
		labels[i], texts[i] = printable.Text(name), describe(info, past[name])
		longest = max(longest, utf8.RuneCountInString(texts[i]))
	}
	nameWidth := nameColumn(labels, func(l string) string { return l })
	if nameWidth+stateColumn+longest >= width {
		nameWidth = narrowColumn(labels, width)
	}
	var b strings.Builder
	for i, info := range infos {
		state := fmt.Sprintf("%-*s", stateColumn, printable.Text(info.StateName))
		if color {
			state = fmt.Sprintf("\x1b[%dm%s\x1b[0m", stateColor(info.State), state)
		}
		label := names.CutMiddle(labels[i], nameWidth-2)
		fmt.Fprintf(&b, "%-*s%s%s\n", nameWidth, label, state, wrap(texts[i], nameWidth+stateColumn, width))
		for _, cause := range causes[namespec.Join(info.Group, info.Name)] {
			fmt.Fprintf(&b, "    %s: %s\n", cause.Kind, printable.Text(cause.Text))
		}
	}
	return b.String()
}

// describe returns the description of a process with the notes that it needs.
func describe(info api.ProcessInfo, past api.ProcessRuns) string {
	var parts []string
	for _, part := range []string{printable.Text(info.Description), restartNote(past), readinessNote(info)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// wrap breaks a text between words into lines that end before a column. All lines but the
// first are indented.
func wrap(text string, indent, width int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length < width:
			b.WriteByte(' ')
			column++
		default:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		}
		b.WriteString(word)
		column += length
	}
	return b.String()
}

const (
	stateColumn       = 10 // with the blanks behind it
	descriptionColumn = 26 // "pid 12345, uptime 12:34:56"
)

// narrowColumn returns the width of the column of names, with two blanks: enough for nine
// of ten names, so that a single long one does not move all others, unless too little of
// the terminal is left for the descriptions.
func narrowColumn(labels []string, width int) int {
	if len(labels) == 0 {
		return 0
	}
	var lengths []int
	for _, l := range labels {
		lengths = append(lengths, utf8.RuneCountInString(l))
	}
	slices.Sort(lengths)
	longest := lengths[len(lengths)-1]
	common := max(lengths[(len(lengths)-1)*9/10], 12)
	if longest <= common+8 {
		common = longest
	}
	return 2 + min(common, max(width-stateColumn-descriptionColumn-2, width*3/10, 8))
}

// stateColor returns the colour of a state, as a terminal numbers it.
func stateColor(s states.Process) int {
	switch s {
	case states.Running:
		return 32 // green
	case states.Fatal, states.Unknown:
		return 31 // red
	case states.Starting, states.Stopping, states.Backoff:
		return 33 // yellow
	case states.Stopped, states.Exited:
	}
	return 90 // grey
}

// readinessNote words that a process is not ready or not healthy, "" otherwise.
func readinessNote(info api.ProcessInfo) string {
	switch {
	case info.Ready == false && info.State == states.Starting:
		return "not ready"
	case info.Health == "unhealthy":
		return "unhealthy"
	}
	return ""
}
