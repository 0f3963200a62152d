package spawn

import (
	"fmt"
	"strconv"

	"supervisor/supervisord/api/signals"
)

// String tells it in the words of Supervisor's log.
func (e Exit) String() string {
	if e.Code >= 0 {
		return fmt.Sprintf("exit status %d", e.Code)
	}
	if e.Signal == 0 {
		return "exit status unknown"
	}
	text := "terminated by " + signals.Name(e.Signal)
	if e.Core {
		text += " (core dumped)"
	}
	return text
}

// CodeText is the exit status as text, -1 for a signal.
func (e Exit) CodeText() string { return strconv.Itoa(e.Code) }
