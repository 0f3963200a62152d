package inspect

import (
	"context"
	"fmt"
	"time"

	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
)

// pastRuns returns the past runs of all processes by full name, nil if the server does not
// record them.
func pastRuns(ctx context.Context, s *session.Session) (map[string]api.ProcessRuns, error) {
	var all []api.ProcessRuns
	switch err := s.Call(ctx, "getAllProcessRuns", &all, 0); {
	case session.HasCode(err, faults.UnknownMethod):
		return nil, nil
	case err != nil:
		return nil, err
	}
	byName := make(map[string]api.ProcessRuns, len(all))
	for _, one := range all {
		byName[namespec.Join(one.Group, one.Name)] = one
	}
	return byName, nil
}

// lastExit returns the last run that had a child, nil for none.
func lastExit(p api.ProcessRuns) *api.Run {
	for i := len(p.Runs) - 1; i >= 0; i-- {
		if p.Runs[i].PID != 0 {
			return &p.Runs[i]
		}
	}
	return nil
}

const (
	// A process is flapping that was restarted so often without running for long.
	flappingRuns = 3
	shortRun     = time.Minute
)

// isFlapping reports whether the last runs of a process were all short and bad.
func isFlapping(p api.ProcessRuns) bool {
	if p.Restarts < flappingRuns || len(p.Runs) < flappingRuns {
		return false
	}
	for _, r := range p.Runs[len(p.Runs)-flappingRuns:] {
		if r.Expected || r.Stop-r.Start > shortRun.Seconds() {
			return false
		}
	}
	return true
}

// restartNote words what a person should know about the restarts of a process, "" for
// nothing.
func restartNote(p api.ProcessRuns) string {
	switch {
	case isFlapping(p):
		return fmt.Sprintf("flapping, %d restarts within the last hour", p.Restarts)
	case p.Restarts == 1:
		return "1 restart within the last hour"
	case p.Restarts > 1:
		return fmt.Sprintf("%d restarts within the last hour", p.Restarts)
	}
	return ""
}
