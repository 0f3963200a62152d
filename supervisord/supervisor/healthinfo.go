package supervisor

import (
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// addHealth adds to an info what is known of a process's readiness and health,
// if that is asked for.
func addHealth(i *api.ProcessInfo, c *config.Process, st *process.Status) {
	checksReady, checksHealth := c.Ready.Kind != config.NoProbe, c.Health.Kind != config.NoProbe
	if checksReady {
		i.Ready = isReady(st)
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

// isReady tells whether a process can be used, as far as is known.
func isReady(st *process.Status) bool {
	return st.State == states.Running && st.Ready && st.Health != process.Unhealthy
}

// describeStarting describes a process that is STARTING.
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
