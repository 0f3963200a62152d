package machine

import (
	"syscall"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/spawn"
)

// Status is everything the machine knows about a process at one moment. It holds
// plain values only, so a later daemon can go on from it. Two statuses can be
// compared with ==.
type Status struct {
	State    states.Process
	Reason   string    // why the process is in its state, in words for a person; set by each transition
	Deadline time.Time // when the timer of the state fires, zero if it is stopped; the owner of the timer keeps it
	Hook     Hook      // the hook that is running

	ChildStatus
	RestartCounts
	PendingStart
	StopProgress
	ProbeResults
}

// ChildStatus is about the child, or the last one if there is none.
type ChildStatus struct {
	PID         int       // 0 for no child
	Started     time.Time // when the last attempt began, zero for never
	Ended       time.Time // when the last child was seen to have exited, zero for never
	ExitStatus  int       // of the last child, -1 if a signal ended it
	ShellStatus int       // the same as a shell reports it: the exit status, or 128 plus the signal
	SpawnErr    string    // why the last attempt failed, or why the last exit was unexpected
	// Digest is the configuration that the child was spawned with, see
	// config.Process.Digest; "" if that is not known, or there is no child.
	Digest string
	// Outdated reports that the child was adopted from an earlier daemon and that
	// its Digest is not that of the configuration. A child of our own is never
	// outdated: what a child is spawned with only changes with a restart.
	Outdated bool
}

// RestartCounts is what startretries, restart_backoff and restart_limit go by.
type RestartCounts struct {
	Tries         int          // attempts in a row that failed
	RestartsInRow int          // restarts in a row whose child did not run long enough
	Restarts      *[]time.Time // within the window of restart_limit, oldest first, nil for none; the slice never changes
}

// PendingStart is about a start that is still to come.
type PendingStart struct {
	StartDue       bool   // the timer starts the process, or would if starts were not forbidden
	StartPending   bool   // a start was requested while the process was stopping
	StartPendingBy string // who requested it, "" for an operator
	WaitingFor     string // what the start waits for, in words; "" if no start waits
	StartCancelled bool   // a start that waited was called off: the process does not start by itself
}

// StopProgress is how far a stop has come, and what the last one left.
type StopProgress struct {
	StopStep     int    // the step of stop_sequence that was taken last
	LeaderExited bool   // the child has exited, descendants that must end with it have not
	Leftovers    string // descendants that the last stop left running, in words; "" if none are reported
}

// ProbeResults is how well the child does, as far as the configuration asks.
type ProbeResults struct {
	Ready            bool      // ready= has succeeded
	NotReadyReason   string    // why it has not, "" if nothing is known
	ReadyBy          time.Time // when the start fails unless the child is ready, zero for no limit
	ReadyTimedOut    bool      // the child was not ready in time and is being stopped; the state is STARTING
	ReadyMaybeMissed bool      // the child may have reported that it is ready while no daemon listened
	Health           HealthStatus
	HealthFailure    string    // why the last health probe failed, "" if it succeeded
	ProbeChangedAt   time.Time // when Ready or Health last changed
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
