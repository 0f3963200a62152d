package machine

import (
	"log/slog"
	"syscall"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
	"supervisor/supervisord/spawn"
)

// Effect is something that the machine wants done. The owner carries out the
// effects of a step in order.
type Effect interface{ isEffect() }

type (
	// SpawnChild spawns a child. ChildSpawned or SpawnFailed answers it.
	SpawnChild struct{}
	// SendSignal sends a signal. SignalFailed follows if the kernel refuses it.
	SendSignal struct {
		Signal syscall.Signal
		To     Target
	}
	// WatchDescendants asks for DescendantsExited once no descendant within
	// stop_scope is alive, or with All no descendant at all.
	WatchDescendants struct{ All bool }
	// SetTimer sets the timer of the state. TimerFired follows.
	SetTimer struct{ After time.Duration }
	// StopTimer stops that timer.
	StopTimer struct{}
	// PublishChange publishes a transition and stops the timer of the old state.
	PublishChange events.Change
	// RestoreState sets the state that the process already had under an earlier
	// daemon. It is not published.
	RestoreState struct{ To states.Process }
	// LogLine writes a line to the main log.
	LogLine struct {
		Level slog.Level
		Text  string
	}
	// ReportRestartLimit reports that restart_limit was reached and the process
	// given up.
	ReportRestartLimit struct {
		Reason string
		Code   int // exit status of the last child, 1 if that is 0 or not known
	}
	// Refuse refuses the request that this input is, or follows from. The detail of
	// the fault is the Name of the input followed by Why.
	Refuse struct {
		Code faults.Code
		Why  string
	}
	// RunHook runs a hook. HookFinished answers it.
	RunHook struct {
		Hook Hook
		PID  int        // of the child, for PostStop of the one that exited; 0 for none
		Exit spawn.Exit // of that child, for PostStop
	}
	// CancelHook ends the running hook, if there is one. HookFinished still follows
	// unless another hook is run meanwhile.
	CancelHook struct{}
)

func (SpawnChild) isEffect()         {}
func (SendSignal) isEffect()         {}
func (WatchDescendants) isEffect()   {}
func (SetTimer) isEffect()           {}
func (StopTimer) isEffect()          {}
func (PublishChange) isEffect()      {}
func (RestoreState) isEffect()       {}
func (LogLine) isEffect()            {}
func (ReportRestartLimit) isEffect() {}
func (Refuse) isEffect()             {}
func (RunHook) isEffect()            {}
func (CancelHook) isEffect()         {}

// Target says who gets a signal.
type Target int

// The targets, from the narrowest to the widest.
const (
	ToLeader Target = iota // the child
	ToGroup                // the process group of the child
	ToScope                // everything within stop_scope, the child included while it is alive
	ToAll                  // every descendant that is known
)
