package machine

import (
	"syscall"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

// Status is everything the machine knows about a process at one moment. It holds
// plain values only, so a later daemon can go on from it: the journal and an upgrade
// record it under the JSON names below, which never change. Two statuses can be
// compared with ==.
type Status struct {
	State    states.Process
	Reason   string        `json:",omitempty"` // why the process is in its state, in words for a person; set by each transition
	Deadline boottime.Time `json:",omitzero"`  // when the timer of the state fires, zero if it is stopped; the owner of the timer keeps it
	Hook     Hook          `json:",omitempty"` // the hook that is running

	ChildStatus
	RestartCounts
	PendingStart
	StopProgress
	ProbeResults `json:"Vitals,omitzero"`
}

// ChildStatus is about the child, or the last one if there is none.
type ChildStatus struct {
	PID         int           `json:",omitempty"`       // 0 for no child
	Started     boottime.Time `json:",omitzero"`        // when the last attempt began, zero for never
	Ended       boottime.Time `json:",omitzero"`        // when the last child was seen to have exited, zero for never
	ExitStatus  int           `json:",omitempty"`       // of the last child, -1 if a signal ended it
	ShellStatus int           `json:"Ending,omitempty"` // the same as a shell reports it: the exit status, or 128 plus the signal
	SpawnErr    string        `json:",omitempty"`       // why the last attempt failed, or why the last exit was unexpected
	// Digest is the configuration that the child was spawned with, see
	// config.Process.Digest; "" if that is not known, or there is no child.
	Digest string `json:",omitempty"`
	// Outdated reports that the child was adopted from an earlier daemon and that
	// its Digest is not that of the configuration. A child of our own is never
	// outdated: what a child is spawned with only changes with a restart.
	Outdated bool `json:"-"`
}

// RestartCounts is what startretries, restart_backoff and restart_limit go by.
type RestartCounts struct {
	Tries         int              `json:",omitempty"`    // attempts in a row that failed
	RestartsInRow int              `json:"Row,omitempty"` // restarts in a row whose child did not run long enough
	Restarts      *[]boottime.Time `json:",omitempty"`    // within the window of restart_limit, oldest first, nil for none; the slice never changes
}

// PendingStart is about a start that is still to come.
type PendingStart struct {
	StartDue       bool   `json:"Due,omitempty"`      // the timer starts the process, or would if starts were not forbidden
	StartPending   bool   `json:"Again,omitempty"`    // a start was requested while the process was stopping
	StartPendingBy string `json:"AgainBy,omitempty"`  // who requested it, "" for an operator
	WaitingFor     string `json:"Waiting,omitempty"`  // what the start waits for, in words; "" if no start waits
	StartCancelled bool   `json:"Declined,omitempty"` // a start that waited was called off: the process does not start by itself
}

// StopProgress is how far a stop has come, and what the last one left.
type StopProgress struct {
	StopStep     int    `json:"Step,omitempty"`       // the step of stop_sequence that was taken last
	LeaderExited bool   `json:"Leaderless,omitempty"` // the child has exited, descendants that must end with it have not
	Leftovers    string `json:"Left,omitempty"`       // descendants that the last stop left running, in words; "" if none are reported
}

// ProbeResults is how well the child does, as far as the configuration asks.
type ProbeResults struct {
	Ready            bool          `json:",omitempty"`        // ready= has succeeded
	NotReadyReason   string        `json:"NotYet,omitempty"`  // why it has not, "" if nothing is known
	ReadyBy          boottime.Time `json:",omitzero"`         // when the start fails unless the child is ready, zero for no limit
	ReadyTimedOut    bool          `json:"Late,omitempty"`    // the child was not ready in time and is being stopped; the state is STARTING
	ReadyMaybeMissed bool          `json:"Unheard,omitempty"` // the child may have reported that it is ready while no daemon listened
	Health           HealthStatus  `json:",omitempty"`
	HealthFailure    string        `json:"Ill,omitempty"`     // why the last health probe failed, "" if it succeeded
	ProbeChangedAt   boottime.Time `json:"VitalsAt,omitzero"` // when Ready or Health last changed
}

// HealthStatus is what is known about the health of a running child.
type HealthStatus string

// The values of HealthStatus.
const (
	HealthUnknown HealthStatus = "" // no health probe is configured, or none has answered yet
	Healthy       HealthStatus = "healthy"
	Unhealthy     HealthStatus = "unhealthy"
)

// LastExit returns how the last child exited, as far as the status records it.
func (s *Status) LastExit() spawn.Exit {
	// A start that failed sets ShellStatus only.
	isStatus := s.ExitStatus >= 0 && s.ExitStatus == s.ShellStatus
	if !isStatus && s.ShellStatus > 128 {
		return spawn.Exit{Code: -1, Signal: syscall.Signal(s.ShellStatus - 128)}
	}
	return spawn.Exit{Code: s.ShellStatus}
}

// shellStatus is an exit as one number, as a shell reports it. An exit that was
// not seen counts as a failure.
func shellStatus(e spawn.Exit) int {
	switch {
	case e.Code >= 0:
		return e.Code
	case e.Signal > 0:
		return 128 + int(e.Signal)
	}
	return 1
}

// hasChild reports whether a process has a child in that state, or is getting one.
func hasChild(s states.Process) bool {
	switch s {
	case states.Starting, states.Running, states.Stopping, states.Unknown:
		return true
	case states.Stopped, states.Backoff, states.Exited, states.Fatal:
	}
	return false
}
