package machine

import (
	"strconv"
	"strings"
	"time"

	"supervisor/supervisord/config"
)

// ByHealth is who restarts an unhealthy process. Such a restart counts as an automatic
// one.
const ByHealth = "health"

// Others that start or stop a process, beside an operator.
const (
	byAutostart   = "autostart"
	byAutorestart = "autorestart"
	byNewDaemon   = "the new daemon"
)

// beingStoppedBy is how the reason for STOPPING begins.
const beingStoppedBy = "being stopped by "

// requester words who made a request.
func requester(in Input) string {
	if in.By == "" {
		return "an operator"
	}
	return in.By
}

// startReason words why a start is attempted.
func (m *Machine) startReason(in Input) string {
	switch {
	case in.By == ByHealth && m.lastOutcome != "":
		return "restarted by health: " + m.lastOutcome
	case in.Kind == StartRequested:
		return "started by " + requester(in)
	case in.Kind == AutostartRequested:
		return "started by " + byAutostart
	case m.lastOutcome == "": // only an earlier daemon knows it
		return "restarted by " + byAutorestart
	}
	return "restarted by " + byAutorestart + ": " + m.lastOutcome
}

// StopRequester returns who requested the stop that a reason for STOPPING is about.
func StopRequester(reason string) string { return strings.TrimPrefix(reason, beingStoppedBy) }

// IsRestart reports whether the start that is being made follows an exit without a
// request of an operator.
func (m *Machine) IsRestart() bool { return strings.HasPrefix(m.Reason, "restarted by ") }

// stopReason words why a child was stopped. It is derived from the reason for STOPPING,
// which survives a restart of the daemon.
func (m *Machine) stopReason() string {
	if by, ok := strings.CutPrefix(m.Reason, beingStoppedBy); ok {
		return "stopped by " + by
	}
	return "stopped"
}

// autorestartValue is the value of the option as files have it.
func autorestartValue(a config.Autorestart) string {
	switch a {
	case config.RestartAlways:
		return "true"
	case config.RestartNever:
		return "false"
	case config.RestartUnexpected:
	}
	return "unexpected"
}

// formatDuration rounds a duration to what is worth reading.
func formatDuration(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d >= time.Second {
		return roundTo(d, 100*time.Millisecond).String()
	}
	return roundTo(d, time.Millisecond).String()
}

// formatSeconds formats a duration as the configuration has it.
func formatSeconds(d time.Duration) string {
	n := strconv.FormatFloat(roundTo(d, 100*time.Millisecond).Seconds(), 'f', -1, 64)
	if n == "1" {
		return "1 second"
	}
	return n + " seconds"
}

// roundTo rounds a duration that is not negative to a multiple of unit.
func roundTo(d, unit time.Duration) time.Duration { return (d + unit/2) / unit * unit }
