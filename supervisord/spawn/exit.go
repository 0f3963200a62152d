package spawn

import (
	"fmt"
	"strconv"
	"syscall"

	"supervisor/supervisord/api/signals"
)

// Exit says how a child ended.
type Exit struct {
	Code   int            // exit status, -1 if a signal ended it or the status is unknown
	Signal syscall.Signal // the signal that ended it, 0 for none
	Core   bool           // it dumped core
	// DaemonisedPID is the process that the child has left in the background, see
	// Child; 0 if there is none or nothing has looked for it.
	DaemonisedPID int `json:"Heir"`
}

func exitOf(ws syscall.WaitStatus) Exit {
	if ws.Signaled() {
		return Exit{Code: -1, Signal: ws.Signal(), Core: ws.CoreDump()}
	}
	return Exit{Code: ws.ExitStatus()}
}

// String describes the exit in the words of Supervisor's log.
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

// CodeText returns the exit status as text, "-1" after a signal.
func (e Exit) CodeText() string { return strconv.Itoa(e.Code) }
