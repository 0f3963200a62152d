package supervisor

import (
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// addVitals adds to an info what is known of a process's readiness and health,
// if that is asked for.
func addVitals(i *api.ProcessInfo, c *config.Process, st *process.Status) {
	asksReady, asksHealth := c.Ready.Kind != config.NoProbe, c.Health.Kind != config.NoProbe
	if asksReady {
		i.Ready = isReady(st)
	}
	if asksHealth {
		i.Health = "unknown"
		if st.State == states.Running && st.Health != process.NoVerdict {
			i.Health = string(st.Health)
		}
	}
	switch st.State {
	case states.Starting:
		if asksReady && st.PID != 0 {
			i.Description = waiting(st)
		}
	case states.Running:
		i.Description += condition(asksReady, asksHealth, st)
	case states.Stopped, states.Backoff, states.Stopping, states.Exited, states.Fatal, states.Unknown:
	}
}

// isReady tells whether a process can be used, as far as is known.
func isReady(st *process.Status) bool {
	return st.State == states.Running && st.Ready && st.Health != process.Unhealthy
}

// waiting describes a process that is STARTING.
func waiting(st *process.Status) string {
	text := "waiting to be ready"
	switch {
	case st.Late:
		text = "not ready in time, being stopped"
	case st.Ready:
		return "ready, waiting for startsecs"
	}
	if st.NotYet != "" {
		text += ": " + st.NotYet
	}
	return text
}

// condition is added to the description of a process that is RUNNING.
func condition(asksReady, asksHealth bool, st *process.Status) string {
	switch {
	case asksHealth && st.Health == process.Unhealthy:
		return ", unhealthy: " + st.Ill
	case asksReady && !st.Ready && st.NotYet != "":
		return ", not ready: " + st.NotYet
	case asksReady && !st.Ready:
		return ", not ready"
	case asksHealth && st.Ill != "":
		return ", failing: " + st.Ill
	case asksHealth && st.Health == process.Healthy:
		return ", healthy"
	case asksReady:
		return ", ready"
	}
	return ""
}
