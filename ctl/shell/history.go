package shell

import (
	"os"
	"strings"
)

// history is the list of lines typed, oldest first. The file has one a line,
// as readline writes it.
type history struct {
	file  string // "" to remember for this session only
	lines []string
}

// load reads the file. One that can't be read is as good as an empty one.
func (h *history) load() {
	if h.file == "" {
		return
	}
	text, err := os.ReadFile(h.file)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			h.lines = append(h.lines, line)
		}
	}
}

// add appends a line, unless it only repeats the last one.
func (h *history) add(line string) bool {
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return false
	}
	h.lines = append(h.lines, line)
	return true
}

// save writes the file for nobody but its owner to read.
func (h *history) save() error {
	if h.file == "" {
		return nil
	}
	var b strings.Builder
	for _, line := range h.lines {
		b.WriteString(line + "\n")
	}
	return os.WriteFile(h.file, []byte(b.String()), 0o600)
}
