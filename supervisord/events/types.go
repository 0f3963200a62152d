package events

// Type is the name of an event type. A subscription to a type includes the types
// below it.
type Type string

// The types of events. Those with children are never published themselves.
const (
	Any                     Type = "EVENT"
	ProcessState            Type = "PROCESS_STATE"
	ProcessStateStarting    Type = "PROCESS_STATE_STARTING"
	ProcessStateRunning     Type = "PROCESS_STATE_RUNNING"
	ProcessStateBackoff     Type = "PROCESS_STATE_BACKOFF"
	ProcessStateStopping    Type = "PROCESS_STATE_STOPPING"
	ProcessStateExited      Type = "PROCESS_STATE_EXITED"
	ProcessStateStopped     Type = "PROCESS_STATE_STOPPED"
	ProcessStateFatal       Type = "PROCESS_STATE_FATAL"
	ProcessStateUnknown     Type = "PROCESS_STATE_UNKNOWN"
	ProcessLog              Type = "PROCESS_LOG"
	ProcessLogStdout        Type = "PROCESS_LOG_STDOUT"
	ProcessLogStderr        Type = "PROCESS_LOG_STDERR"
	ProcessCommunication    Type = "PROCESS_COMMUNICATION"
	ProcessCommunicationOut Type = "PROCESS_COMMUNICATION_STDOUT"
	ProcessCommunicationErr Type = "PROCESS_COMMUNICATION_STDERR"
	RemoteCommunication     Type = "REMOTE_COMMUNICATION"
	SupervisorStateChange   Type = "SUPERVISOR_STATE_CHANGE"
	SupervisorRunning       Type = "SUPERVISOR_STATE_CHANGE_RUNNING"
	SupervisorStopping      Type = "SUPERVISOR_STATE_CHANGE_STOPPING"
	Tick                    Type = "TICK"
	Tick5                   Type = "TICK_5"
	Tick60                  Type = "TICK_60"
	Tick3600                Type = "TICK_3600"
	ProcessGroup            Type = "PROCESS_GROUP"
	ProcessGroupAdded       Type = "PROCESS_GROUP_ADDED"
	ProcessGroupRemoved     Type = "PROCESS_GROUP_REMOVED"
)

// Types returns all types, each after the one above it.
func Types() []Type {
	return []Type{
		Any,
		ProcessState, ProcessStateStarting, ProcessStateRunning, ProcessStateBackoff, ProcessStateStopping,
		ProcessStateExited, ProcessStateStopped, ProcessStateFatal, ProcessStateUnknown,
		ProcessLog, ProcessLogStdout, ProcessLogStderr,
		ProcessCommunication, ProcessCommunicationOut, ProcessCommunicationErr,
		RemoteCommunication,
		SupervisorStateChange, SupervisorRunning, SupervisorStopping,
		Tick, Tick5, Tick60, Tick3600,
		ProcessGroup, ProcessGroupAdded, ProcessGroupRemoved,
	}
}

// parent returns the type above t, "" for the root and for unknown types.
func (t Type) parent() Type {
	switch t {
	case ProcessStateStarting, ProcessStateRunning, ProcessStateBackoff, ProcessStateStopping,
		ProcessStateExited, ProcessStateStopped, ProcessStateFatal, ProcessStateUnknown:
		return ProcessState
	case ProcessLogStdout, ProcessLogStderr:
		return ProcessLog
	case ProcessCommunicationOut, ProcessCommunicationErr:
		return ProcessCommunication
	case SupervisorRunning, SupervisorStopping:
		return SupervisorStateChange
	case Tick5, Tick60, Tick3600:
		return Tick
	case ProcessGroupAdded, ProcessGroupRemoved:
		return ProcessGroup
	case ProcessState, ProcessLog, ProcessCommunication, RemoteCommunication,
		SupervisorStateChange, Tick, ProcessGroup:
		return Any
	}
	return ""
}

// Known reports whether t is one of the types.
func (t Type) Known() bool { return t == Any || t.parent() != "" }

// Is reports whether t is ancestor or a type below it.
func (t Type) Is(ancestor Type) bool {
	for ; t != ""; t = t.parent() {
		if t == ancestor {
			return true
		}
	}
	return false
}
