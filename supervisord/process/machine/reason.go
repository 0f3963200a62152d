package machine

import (
	"strings"
	"time"

	"supervisor/supervisord/config"
)

// ByHealth is who restarts what is not healthy: such a restart counts as an
// automatic one.
const ByHealth = "health"

// Who wants something of a process, beside an operator.
const (
	byAutostart   = "autostart"
	byAutorestart = "autorestart"
	byNewDaemon   = "the new daemon"
)

// beingStoppedBy is how the reason for STOPPING begins.
const beingStoppedBy = "being stopped by "

// requester words who has asked.
func requester(in Input) string {
	if in.By == "" {
		return "an operator"
	}
	return in.By
}

// startReason words why an attempt is made at a child.
func (m *Machine) startReason(in Input) string {
	switch {
	case in.By == ByHealth && m.lastOutcome != "":
		return "restarted by health: " + m.lastOutcome
	case in.Kind == StartRequested:
		return "started by " + requester(in)
	case in.Kind == AutostartRequested:
		return "started by " + byAutostart
	case m.lastOutcome == "": // an earlier daemon knew
		return "restarted by " + byAutorestart
	}
	return "restarted by " + byAutorestart + ": " + m.lastOutcome
}

// stopReason words why a child that was to end has ended, from the reason why
// it was to. That one outlasts a daemon.
func (m *Machine) stopReason() string {
	if by, ok := strings.CutPrefix(m.Reason, beingStoppedBy); ok {
		return "stopped by " + by
	}
	return "stopped"
}

// autorestartValue is the option's value as it stands in files.
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

// formatDuration rounds a time to what is worth reading.
func formatDuration(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d >= time.Second {
		return roundTo(d, 100*time.Millisecond).String()
	}
	return roundTo(d, time.Millisecond).String()
}

// roundTo rounds a time, which is not negative, to a multiple of a unit.
func roundTo(d, unit time.Duration) time.Duration { return (d + unit/2) / unit * unit }
