package report

import (
	"strings"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// IsUsable reports whether a process is RUNNING and passes the checks that it has.
func IsUsable(c *config.Process, st *process.Status) bool {
	return st.State == states.Running && (c.Ready.Kind == config.NoProbe || st.Ready) && st.Health != process.Unhealthy
}

// Health is the answer of getProcessHealth for one process. It is false if the process
// has neither a readiness nor a health check.
func Health(p Process, now time.Time) (h api.Health, isChecked bool) {
	c := p.Current
	if c.Ready.Kind == config.NoProbe && c.Health.Kind == config.NoProbe {
		return api.Health{}, false
	}
	h = api.Health{Name: p.Config.Name, Group: p.Config.Group, Now: epoch(now)}
	var since time.Time
	h.Condition, since, h.Error = condition(c, p.Status)
	h.Since = epoch(since)
	return h, true
}

// condition is the health of a process in a word, since when it is so, and why.
func condition(c *config.Process, st *process.Status) (word string, since time.Time, why string) {
	checksReady, checksHealth := c.Ready.Kind != config.NoProbe, c.Health.Kind != config.NoProbe
	at := st.ProbeChangedAt.Time
	if at.IsZero() {
		at = st.Started.Time
	}
	switch {
	case st.State == states.Starting && checksReady && st.ReadyTimedOut:
		return "late", st.ReadyBy.Time, st.NotReadyReason
	case st.State == states.Starting && checksReady && !st.Ready:
		return "waiting", st.Started.Time, st.NotReadyReason
	case st.State == states.Starting && checksReady:
		return "ready", at, ""
	case st.State == states.Starting:
		return "waiting", st.Started.Time, ""
	case st.State != states.Running:
		return strings.ToLower(st.State.String()), st.Ended.Time, st.SpawnErr
	case checksHealth && st.Health == process.Unhealthy:
		return "unhealthy", at, st.HealthFailure
	case checksReady && !st.Ready:
		return "unready", at, st.NotReadyReason
	case checksHealth && st.HealthFailure != "":
		return "failing", at, st.HealthFailure
	case checksHealth && st.Health == process.Healthy:
		return "healthy", at, ""
	case !checksReady:
		return "unknown", st.Started.Time, ""
	}
	return "ready", at, ""
}

// addHealth adds the readiness and health of a process to its info, as far as they are
// checked.
func addHealth(i *api.ProcessInfo, c *config.Process, st *process.Status) {
	checksReady, checksHealth := c.Ready.Kind != config.NoProbe, c.Health.Kind != config.NoProbe
	if checksReady {
		i.Ready = st.State == states.Running && st.Ready && st.Health != process.Unhealthy
	}
	if checksHealth {
		i.Health = "unknown"
		if st.State == states.Running && st.Health != process.HealthUnknown {
			i.Health = string(st.Health)
		}
	}
	switch st.State {
	case states.Starting:
		if checksReady && st.PID != 0 {
			i.Description = describeStarting(st)
		}
	case states.Running:
		i.Description += describeHealth(checksReady, checksHealth, st)
	case states.Stopped, states.Backoff, states.Stopping, states.Exited, states.Fatal, states.Unknown:
	}
}

// describeStarting describes a process that is STARTING and has a readiness check.
func describeStarting(st *process.Status) string {
	text := "waiting to be ready"
	switch {
	case st.ReadyTimedOut:
		text = "not ready in time, being stopped"
	case st.Ready:
		return "ready, waiting for startsecs"
	}
	if st.NotReadyReason != "" {
		text += ": " + st.NotReadyReason
	}
	return text
}

// describeHealth is added to the description of a process that is RUNNING.
func describeHealth(checksReady, checksHealth bool, st *process.Status) string {
	switch {
	case checksHealth && st.Health == process.Unhealthy:
		return ", unhealthy: " + st.HealthFailure
	case checksReady && !st.Ready && st.NotReadyReason != "":
		return ", not ready: " + st.NotReadyReason
	case checksReady && !st.Ready:
		return ", not ready"
	case checksHealth && st.HealthFailure != "":
		return ", failing: " + st.HealthFailure
	case checksHealth && st.Health == process.Healthy:
		return ", healthy"
	case checksReady:
		return ", ready"
	}
	return ""
}
