package states

import "fmt"

// Process is the state of one process. The numbers are part of the XML-RPC
// interface.
type Process int

// The states of a process, each with what leads out of it.
const (
	Stopped  Process = 0    // a start; autostart if it was never started
	Starting Process = 10   // startsecs pass (Running), the start fails or the child exits (Backoff), a stop (Stopping)
	Running  Process = 20   // the child exits (Exited), a stop (Stopping)
	Backoff  Process = 30   // the next attempt (Starting), too many attempts (Fatal), a stop (Stopped)
	Stopping Process = 40   // the child exits (Stopped)
	Exited   Process = 100  // autorestart or a start (Starting)
	Fatal    Process = 200  // a start (Starting)
	Unknown  Process = 1000 // the child exits (Exited); the kernel refused a signal to it, so nothing else is known
)

// All lists every state of a process in the order of their codes.
var All = [...]Process{Stopped, Starting, Running, Backoff, Stopping, Exited, Fatal, Unknown}

// String returns the name that statename, events and supervisorctl use.
func (p Process) String() string {
	switch p {
	case Stopped:
		return "STOPPED"
	case Starting:
		return "STARTING"
	case Running:
		return "RUNNING"
	case Backoff:
		return "BACKOFF"
	case Stopping:
		return "STOPPING"
	case Exited:
		return "EXITED"
	case Fatal:
		return "FATAL"
	case Unknown:
		return "UNKNOWN"
	}
	return fmt.Sprintf("state %d", int(p))
}

// IsRunning reports whether a start is refused and a stop accepted.
func (p Process) IsRunning() bool { return p == Starting || p == Running || p == Backoff }

// IsStopped reports whether the process has stopped: a waiting stop request is
// answered, and the group may be removed.
func (p Process) IsStopped() bool {
	return p == Stopped || p == Exited || p == Fatal || p == Unknown
}

// IsSignallable reports whether a signal may be sent to the child.
func (p Process) IsSignallable() bool { return p == Starting || p == Running || p == Stopping }

// Daemon is the state of supervisord itself, its mood.
type Daemon int

// The moods of the daemon.
const (
	DaemonShutdown   Daemon = -1
	DaemonRestarting Daemon = 0
	DaemonRunning    Daemon = 1
	DaemonFatal      Daemon = 2
)

// String returns the name that getState reports.
func (d Daemon) String() string {
	switch d {
	case DaemonShutdown:
		return "SHUTDOWN"
	case DaemonRestarting:
		return "RESTARTING"
	case DaemonRunning:
		return "RUNNING"
	case DaemonFatal:
		return "FATAL"
	}
	return fmt.Sprintf("state %d", int(d))
}

// Listener is the state of an event listener, as its protocol shows it.
type Listener int

// The states of an event listener.
const (
	ListenerReady        Listener = 10 // can be sent an event
	ListenerBusy         Listener = 20 // is handling an event
	ListenerAcknowledged Listener = 30 // has just started or answered, and must report READY
	ListenerUnknown      Listener = 40 // broke the protocol, and gets no events until it is restarted
)

// String returns the name used in the main log.
func (l Listener) String() string {
	switch l {
	case ListenerReady:
		return "READY"
	case ListenerBusy:
		return "BUSY"
	case ListenerAcknowledged:
		return "ACKNOWLEDGED"
	case ListenerUnknown:
		return "UNKNOWN"
	}
	return fmt.Sprintf("state %d", int(l))
}
