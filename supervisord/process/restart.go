package process

import (
	"fmt"
	"math"
	"strings"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
)

const (
	// lasting is how long a child must live to count as one that has lasted,
	// where restart_delay_max does not say it.
	lasting = time.Minute
	// endless is what a delay without a limit grows to at most.
	endless = 365 * 24 * time.Hour
	// clearance is what the kernel is given to end those whom a dead child has
	// left behind, before the next one is born and wants what they hold.
	clearance = 200 * time.Millisecond
)

// plan counts a birth that nobody asks for, and tells how long it is put off.
// usual is Supervisor's delay, which holds unless the options say otherwise. It
// is not ok when there have been enough.
func (m *machine) plan(now time.Time, in input, usual time.Duration) (wait time.Duration, ok bool) {
	if !m.count(now) {
		return 0, false
	}
	r := &m.conf.Restart
	wait = max(usual, 0)
	if r.IsPaced() {
		wait = delay(r, m.Row)
	}
	if r.Jitter > 0 {
		wait += time.Duration(float64(wait) * r.Jitter * (2*in.dice - 1))
	}
	m.Row++
	return wait, true
}

// delay is what comes before the next restart after row others that did not last.
func delay(r *config.RestartPolicy, row int) time.Duration {
	first := r.Delay
	if first == 0 {
		first = breath
	}
	grown := float64(first) * math.Pow(max(r.Growth, 1), float64(row))
	return time.Duration(min(grown, float64(min(r.Max, endless))))
}

// count takes note of a restart and tells whether restart_limit allows it.
func (m *machine) count(now time.Time) bool {
	r := &m.conf.Restart
	if r.Limit == 0 {
		return true
	}
	recent := m.recent(now)
	if len(recent) >= r.Limit {
		return false
	}
	recent = append(recent, now)
	m.Restarts = &recent
	return true
}

// recent are the restarts within the window, oldest first, as a list of its own.
func (m *machine) recent(now time.Time) []time.Time {
	var list []time.Time
	if m.Restarts == nil {
		return nil
	}
	for _, at := range *m.Restarts {
		if now.Sub(at) < m.conf.Restart.Window {
			list = append(list, at)
		}
	}
	return list
}

// hasLasted has the delays begin anew if the child lived long enough.
func (m *machine) hasLasted(now time.Time) {
	long := lasting
	if most := m.conf.Restart.Max; most > 0 && most != config.Forever {
		long = most
	}
	if now.Sub(m.Started) >= max(long, seconds(m.conf.StartSecs)) {
		m.Row = 0
	}
}

// exhaust gives up a process that has been restarted too often.
func (m *machine) exhaust() {
	r := &m.conf.Restart
	m.SpawnErr = fmt.Sprintf("given up: %d restarts within %s", r.Limit, config.FormatDuration(r.Window))
	m.Reason = m.SpawnErr + " (restart_limit); the last time " + m.ending
	m.Tries = 0
	m.become(states.Fatal)
	m.say(logs.LevelWarn, "gave up: %s entered FATAL state, %d restarts within %s (restart_limit)",
		m.conf.Name, r.Limit, config.FormatDuration(r.Window))
	m.do(exhausted{m.Reason, max(m.ExitStatus, 1)})
}

// beginAgain is begin for a start request. One that replaces an automatic
// restart counts as one.
func beginAgain(m *machine, now time.Time, in input) {
	switch {
	case in.by != Health:
		m.Row = 0
	case m.closing || m.count(now):
	default:
		if m.State != states.Fatal {
			m.ending = "it was not healthy"
			m.exhaust()
		}
		m.do(refuse{code: faults.AbnormalTermination})
		return
	}
	begin(m, now, in)
}

// forget clears what has been counted. Nothing else changes: what is due stays
// due, and what has been given up stays so.
func forget(m *machine, _ time.Time, _ input) { m.Tries, m.Row, m.Restarts = 0, 0, nil }

// restarts words which restart is to come, "" where no option counts them.
func (m *machine) restarts(now time.Time) string {
	r := &m.conf.Restart
	var parts []string
	if r.IsPaced() {
		parts = append(parts, fmt.Sprintf("attempt %d", m.Row))
	}
	if r.Limit > 0 {
		parts = append(parts, fmt.Sprintf("budget %d of %d in %s", len(m.recent(now)), r.Limit, config.FormatDuration(r.Window)))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
