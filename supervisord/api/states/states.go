package states

import "fmt"

// Process is the state of one process. The numbers are part of the XML-RPC
// interface.
type Process int

// The states of a process. What is said with each is what leads out of it.
const (
	Stopped  Process = 0    // a start request; autostart when it was never started
	Starting Process = 10   // startsecs go by (Running), it fails or ends (Backoff, Exited), a stop request
	Running  Process = 20   // its end (Exited), a stop request (Stopping)
	Backoff  Process = 30   // the retry (Starting), too many of them (Fatal), a stop request (Stopped)
	Stopping Process = 40   // its end (Stopped)
	Exited   Process = 100  // a start request, autorestart
	Fatal    Process = 200  // a start request
	Unknown  Process = 1000 // its end: the kernel refused a signal to it, nobody knows more
)

// All lists every state of a process in the order of their codes.
var All = [...]Process{Stopped, Starting, Running, Backoff, Stopping, Exited, Fatal, Unknown}

// String returns the name used in statename, events and supervisorctl.
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

// IsRunning tells whether a start request is refused and a stop request taken.
func (p Process) IsRunning() bool { return p == Starting || p == Running || p == Backoff }

// IsStopped tells whether the process is at rest: a waiting stop request is
// answered, and its group may be removed.
func (p Process) IsStopped() bool {
	return p == Stopped || p == Exited || p == Fatal || p == Unknown
}

// IsSignallable tells whether there is somebody to send a signal to.
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

// Listener is what an event listener is doing, as far as its protocol tells.
type Listener int

// The states of an event listener.
const (
	ListenerReady        Listener = 10 // may be given an event
	ListenerBusy         Listener = 20 // has one
	ListenerAcknowledged Listener = 30 // has just started or answered: must say READY
	ListenerUnknown      Listener = 40 // broke the protocol: gets nothing until restarted
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
