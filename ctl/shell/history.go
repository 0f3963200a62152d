package shell

import (
	"os"
	"strings"
)

// history is the list of lines that were typed, oldest first. The file has the
// form of readline's: one entry on each line.
type history struct {
	file  string // "" to keep no file
	lines []string
}

// load reads the file. A file that can't be read counts as empty.
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

// add appends a line, unless it is empty or repeats the last one. It reports whether
// it did.
func (h *history) add(line string) bool {
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return false
	}
	h.lines = append(h.lines, line)
	return true
}

// save writes the file, readable by its owner only.
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
