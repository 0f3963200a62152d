package control

import (
	"context"

	"supervisor/ctl/session"
	"supervisor/supervisord/api"
)

// failureLines is how many of the last lines of a failed process are shown.
const failureLines = 10

// showLastLines prints the last lines of a process that has failed beneath its ERROR, for
// a person. Scripts get what Supervisor prints.
func showLastLines(ctx context.Context, s *session.Session, name string) {
	if !s.IsTerminal() {
		return
	}
	var past api.ProcessRuns
	// Another server does not know the method. The ERROR has been printed already.
	err := s.Call(ctx, "getProcessRuns", &past, name, failureLines)
	if err != nil || len(past.Runs) == 0 {
		return
	}
	last := past.Runs[len(past.Runs)-1]
	if last.Expected {
		return
	}
	if last.Summary != "" {
		s.Print("    " + last.Summary)
	}
	for _, line := range last.Output {
		s.Print("    | " + line)
	}
}
