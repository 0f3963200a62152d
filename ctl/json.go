package ctl

import (
	"encoding/json"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/namespec"
)

// processJSON is what status --json and why --json tell of a process. The names
// and meanings of its members stay as they are; there may be more later.
type processJSON struct {
	Name    string `json:"name"` // by which it is addressed: group:process, or one where both are the same
	Group   string `json:"group,omitempty"`
	Process string `json:"process,omitempty"`
	// Error is why there is nothing else to tell: no such process, or group.
	Error string `json:"error,omitempty"`
	*stateJSON
	// Causes are there if they were asked for.
	Causes *[]api.Reason `json:"causes,omitempty"`
}

// stateJSON is the part about a process that there is.
type stateJSON struct {
	State       string  `json:"state"`       // as Supervisor names it
	StateCode   int     `json:"statecode"`   // as Supervisor numbers it
	PID         *int    `json:"pid"`         // null for no child
	Started     *string `json:"started"`     // of the last attempt, RFC 3339, null for never
	Ended       *string `json:"ended"`       // of the last child, RFC 3339, null for never
	Uptime      *int64  `json:"uptime"`      // whole seconds, null unless it is RUNNING
	ExitStatus  int     `json:"exitstatus"`  // of the last child, -1 if a signal ended it
	SpawnError  string  `json:"spawnerr"`    // "" for none
	Description string  `json:"description"` // the last column of status
	StdoutLog   string  `json:"stdout_logfile"`
	StderrLog   string  `json:"stderr_logfile"`
	// Ready is a boolean, Health "healthy", "unhealthy" or "unknown"; where the
	// configuration does not ask for them they are not there.
	Ready  any    `json:"ready,omitempty"`
	Health string `json:"health,omitempty"`
}

const stateRunning = "RUNNING"

func newStateJSON(i api.ProcessInfo) *stateJSON {
	s := &stateJSON{
		State: i.StateName, StateCode: int(i.State), Started: timeJSON(i.Start), Ended: timeJSON(i.Stop),
		ExitStatus: i.ExitStatus, SpawnError: i.SpawnErr, Description: i.Description,
		StdoutLog: i.StdoutLogfile, StderrLog: i.StderrLogfile, Ready: i.Ready, Health: i.Health,
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

// showJSON prints an array of those that are named, or of all, and returns them.
// Causes are nil if they are not wanted. Names that fit nothing come last, and make
// the exit status.
func (s *session) showJSON(infos []api.ProcessInfo, names []string, causes map[string][]api.Reason) (shown []api.ProcessInfo, err error) {
	var unknown []processJSON
	if meansAll(names) {
		shown, names = infos, nil
	}
	for _, name := range names {
		found, reason := findProcesses(infos, name)
		shown = append(shown, found...)
		if reason != "" {
			unknown = append(unknown, processJSON{Name: name, Error: reason})
			s.exit = exitUnknown
		}
	}
	list := []processJSON{}
	for _, i := range shown {
		p := processJSON{Name: namespec.Join(i.Group, i.Name), Group: i.Group, Process: i.Name, stateJSON: newStateJSON(i)}
		if causes != nil {
			processCauses := append([]api.Reason{}, causes[p.Name]...)
			p.Causes = &processCauses
		}
		list = append(list, p)
	}
	text, err := json.MarshalIndent(append(list, unknown...), "", "  ")
	if err == nil {
		s.print(string(text))
	}
	return shown, err
}

// findProcesses picks those that a name stands for, and tells why there are none.
func findProcesses(all []api.ProcessInfo, name string) (found []api.ProcessInfo, reason string) {
	spec := namespec.Parse(name)
	for _, i := range all {
		if i.Group == spec.Group && (spec.WholeGroup() || i.Name == spec.Process) {
			found = append(found, i)
		}
	}
	switch {
	case len(found) > 0:
		return found, ""
	case spec.WholeGroup():
		return nil, "no such group"
	}
	return nil, "no such process"
}
