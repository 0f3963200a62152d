package machine

import (
	"syscall"
	"time"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/descendants"
)

// Kind says what happened.
type Kind int

// The inputs of the machine, each a fact.
const (
	StartRequested     Kind = iota // a caller wants the process to run
	AutostartRequested             // the daemon starts the process in a batch with others
	BatchStarted                   // the whole batch has been started
	StopRequested                  // a caller wants the child to end
	KillRequested                  // a caller wants the child to end at once
	SignalRequested                // a caller wants the child to get a signal
	ResetRequested                 // a caller wants the restart counters cleared
	StartDeferred                  // the start has to wait for others
	DependencyFailed               // what the start waits for did not come in time
	StartsForbidden                // no more starts until StartsAllowed: the daemon or the group shuts down
	StartsAllowed                  // starts are allowed again
	ShutdownRequested              // the shutdown has reached this process
	Reconfigured                   // SetConfig has brought another configuration
	StatusAwaited                  // a caller waits for a condition; the machine ignores it

	ChildSpawned      // SpawnChild has succeeded
	SpawnFailed       // SpawnChild has failed
	ChildExited       // the child has exited
	DescendantsExited // the descendants that WatchDescendants asked about have exited
	TimerFired        // the timer of the state has fired
	SignalFailed      // the kernel refused a signal
	HookFinished      // the hook that RunHook asked for has ended

	BecameReady      // ready= has succeeded for the first time
	ReadyProbeFailed // ready= has failed, which does not fail the start yet
	TimeoutExtended  // the child has asked for more time
	HealthReported   // a health probe has an answer
	ReplaceRequested // the unhealthy child should be replaced

	ChildAdopted  // the child that an earlier daemon left is ours now
	ExitMissed    // the child that an earlier daemon left has exited, and no daemon saw it
	StateRestored // an earlier daemon left a state without a child

	numKinds
)

// Input is one thing that happened. Which fields count depends on the kind.
type Input struct {
	Kind Kind
	Name string // requests: by which the caller addressed the process
	// Text is what the start waits for (StartDeferred), "" for nothing any more, or why
	// it happened (all others), "" for success.
	Text       string
	By         string                // requests: who asks, "" for an operator
	PID        int                   // ChildSpawned and what is about readiness and health: the child that is meant
	Exit       spawn.Exit            // ChildExited, ExitMissed
	Remaining  []descendants.Process // ChildExited, ExitMissed, DescendantsExited: descendants that are alive
	Signal     syscall.Signal        // SignalRequested
	Hook       Hook                  // HookFinished
	FDShortage bool                  // SpawnFailed, HookFinished: the daemon is out of descriptors; the program is not to blame
	Update     bool                  // StartDeferred: change the text of a start that waits, defer none
	Extension  time.Duration         // TimeoutExtended: counted from now
	Health     HealthStatus          // HealthReported
	Random     float64               // from 0 to 1, for restart_jitter

	Adoption
}

// Adoption is the part of an input that is about an earlier daemon: of
// ChildAdopted, ExitMissed and StateRestored.
type Adoption struct {
	Saved      *Status // what the process was
	HandedOver bool    // the earlier daemon handed the process over, so nothing happened in between
	LostDaemon bool    // the child has lost the daemon that it talked to
	Unwanted   bool    // the child must be stopped
	OutputErr  string  // why the output of the child can't be read, "" if it can
}
