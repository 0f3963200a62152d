package process

import (
	"strings"
	"time"

	"supervisor/supervisord/config"
)

// Health is who restarts what is not healthy: such a restart counts as an
// automatic one.
const Health = "health"

// Who wants something of a process, beside an operator.
const (
	autostarter   = "autostart"
	autorestarter = "autorestart"
	newDaemon     = "the new daemon"
)

// beingStopped is how the reason for STOPPING begins.
const beingStopped = "being stopped by "

// who words who has asked.
func who(in input) string {
	if in.by == "" {
		return "an operator"
	}
	return in.by
}

// whyBegun words why an attempt is made at a child.
func (m *machine) whyBegun(in input) string {
	switch {
	case in.by == Health && m.ending != "":
		return "restarted by health: " + m.ending
	case in.kind == start:
		return "started by " + who(in)
	case in.kind == autostart:
		return "started by " + autostarter
	case m.ending == "": // an earlier daemon knew
		return "restarted by " + autorestarter
	}
	return "restarted by " + autorestarter + ": " + m.ending
}

// whyStopped words why a child that was to end has ended, from the reason why
// it was to. That one outlasts a daemon.
func (m *machine) whyStopped() string {
	if by, ok := strings.CutPrefix(m.Reason, beingStopped); ok {
		return "stopped by " + by
	}
	return "stopped"
}

// autorestart is the option's value as it stands in files.
func autorestart(a config.Autorestart) string {
	switch a {
	case config.RestartAlways:
		return "true"
	case config.RestartNever:
		return "false"
	case config.RestartUnexpected:
	}
	return "unexpected"
}

// inWords rounds a time to what is worth reading.
func inWords(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d >= time.Second {
		return nearest(d, 100*time.Millisecond).String()
	}
	return nearest(d, time.Millisecond).String()
}

// nearest rounds a time, which is not negative, to a multiple of a unit.
func nearest(d, unit time.Duration) time.Duration { return (d + unit/2) / unit * unit }
