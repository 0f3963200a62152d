package inspect

import (
	"context"
	"encoding/json"
	"time"

	"supervisor/ctl/action"
	"supervisor/ctl/session"
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/namespec"
)

// processJSON is an element of what status --json and why --json print. Members
// keep their names and meanings; members may be added.
type processJSON struct {
	Name    string `json:"name"` // the name to address it by: "group:process", or "process" where both are the same
	Group   string `json:"group,omitempty"`
	Process string `json:"process,omitempty"`
	// Error is why there are no other members: no such process or group.
	Error string `json:"error,omitempty"`
	*stateJSON
	// Causes is nil unless causes were asked for.
	Causes *[]api.Reason `json:"causes,omitempty"`
}

// stateJSON has the members of a process that exists.
type stateJSON struct {
	State       string  `json:"state"`       // Supervisor's name of the state
	StateCode   int     `json:"statecode"`   // Supervisor's number of the state
	PID         *int    `json:"pid"`         // null if there is no child
	Started     *string `json:"started"`     // the last attempt to start, RFC 3339; null for never
	Ended       *string `json:"ended"`       // the end of the last child, RFC 3339; null for never
	Uptime      *int64  `json:"uptime"`      // whole seconds; null unless RUNNING
	ExitStatus  int     `json:"exitstatus"`  // of the last child that has exited; -1 if a signal ended it
	Signal      string  `json:"signal"`      // that ended the last child, as SIGKILL; "" for none
	Restarts    int     `json:"restarts"`    // within the last hour, without a request
	Flapping    bool    `json:"flapping"`    // the last runs were all short and bad
	SpawnError  string  `json:"spawnerr"`    // "" for none
	Description string  `json:"description"` // the last column of status
	StdoutLog   string  `json:"stdout_logfile"`
	StderrLog   string  `json:"stderr_logfile"`
	// Ready is a boolean; Health is "healthy", "unhealthy" or "unknown". They are
	// left out if the program has no ready= or health=.
	Ready  any    `json:"ready,omitempty"`
	Health string `json:"health,omitempty"`
}

const stateRunning = "RUNNING"

// newStateJSON takes the exit from the past runs if there is one: after a start that
// failed, Supervisor's own exitstatus is 0.
func newStateJSON(i api.ProcessInfo, past api.ProcessRuns) *stateJSON {
	s := &stateJSON{
		State: i.StateName, StateCode: int(i.State), Started: timeJSON(i.Start), Ended: timeJSON(i.Stop),
		ExitStatus: i.ExitStatus, SpawnError: i.SpawnErr, Description: i.Description,
		StdoutLog: i.StdoutLogfile, StderrLog: i.StderrLogfile, Ready: i.Ready, Health: i.Health,
		Restarts: past.Restarts, Flapping: isFlapping(past),
	}
	if last := lastExit(past); last != nil {
		s.ExitStatus, s.Signal = last.ExitStatus, last.Signal
		s.Ended = timeJSON(int64(last.Stop))
	}
	if i.PID != 0 {
		s.PID = &i.PID
	}
	if i.StateName == stateRunning {
		uptime := max(i.Now-i.Start, 0)
		s.Uptime = &uptime
	}
	return s
}

func timeJSON(epoch int64) *string {
	if epoch == 0 {
		return nil
	}
	text := time.Unix(epoch, 0).UTC().Format(time.RFC3339)
	return &text
}

// printJSON prints an array of the named processes, or of all, and returns those
// processes. Causes are left out if causes is nil. Names that fit nothing come
// last and set the exit status.
func printJSON(ctx context.Context, s *session.Session, infos []api.ProcessInfo, names []string, causes map[string][]api.Reason) (shown []api.ProcessInfo, err error) {
	past, err := pastRuns(ctx, s)
	if err != nil {
		return nil, err
	}
	var unknown []processJSON
	if action.MeansAll(names) {
		shown, names = infos, nil
	}
	for _, name := range names {
		found, reason := findProcesses(infos, name)
		shown = append(shown, found...)
		if reason != "" {
			unknown = append(unknown, processJSON{Name: name, Error: reason})
			s.SetExit(session.ExitUnknown)
		}
	}
	list := []processJSON{}
	for _, i := range shown {
		p := processJSON{Name: namespec.Join(i.Group, i.Name), Group: i.Group, Process: i.Name}
		p.stateJSON = newStateJSON(i, past[p.Name])
		if causes != nil {
			processCauses := append([]api.Reason{}, causes[p.Name]...)
			p.Causes = &processCauses
		}
		list = append(list, p)
	}
	text, err := json.MarshalIndent(append(list, unknown...), "", "  ")
	if err == nil {
		s.Print(string(text))
	}
	return shown, err
}
