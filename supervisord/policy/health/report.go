package health

import (
	"fmt"
	"strings"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/system/notify"
)

// NotifyState returns what the current child of a process has reported by sd_notify.
// It never blocks.
func (m *Monitor) NotifyState(p *process.Process) NotifyState {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.notifyStates[p]
}

// Explain returns what is known of the readiness and health of a process, see
// supervisor.Explain. It never blocks.
func (m *Monitor) Explain(p *process.Process) []api.Reason {
	c, st := p.CurrentConfig(), p.Status()
	if !hasProbe(c) || st.PID == 0 {
		return nil
	}
	var all []api.Reason
	add := func(kind, format string, args ...any) {
		all = append(all, api.Reason{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	if c.Ready.Kind != config.NoProbe {
		add("probe", "%s", readinessText(c, st, time.Now()))
	}
	if c.Health.Kind != config.NoProbe && st.State == states.Running {
		add("probe", "%s", healthText(c, st, time.Now()))
	}
	for _, text := range m.NotifyState(p).lines() {
		add("program", "%s", text)
	}
	return all
}

func readinessText(c *config.Process, st *process.Status, now time.Time) string {
	about := fmt.Sprintf("ready = %s", c.Ready.Text)
	switch {
	case st.Ready:
		return about + ": it is ready"
	case st.ReadyTimedOut:
		return about + ": it was not ready in time and is being stopped"
	}
	text := about + ": not yet"
	if st.NotReadyReason != "" {
		text += ", " + st.NotReadyReason
	}
	if st.State == states.Starting && !st.ReadyBy.IsZero() {
		text += fmt.Sprintf(" (%s left)", max(st.ReadyBy.Sub(now), 0).Round(time.Second))
	}
	return text
}

func healthText(c *config.Process, st *process.Status, now time.Time) string {
	about := fmt.Sprintf("health = %s: ", c.Health.Text)
	since := ""
	if !st.ProbeChangedAt.IsZero() {
		since = fmt.Sprintf(" for %s", now.Sub(st.ProbeChangedAt.Time).Round(time.Second))
	}
	switch {
	case st.Health == process.Unhealthy:
		return about + "unhealthy" + since + ", " + st.HealthFailure
	case st.HealthFailure != "":
		return about + "failing, " + st.HealthFailure
	case st.Health == process.Healthy:
		return about + "healthy" + since
	}
	return about + "not known yet"
}

// lines returns the state as lines of text.
func (n NotifyState) lines() (all []string) {
	if n.Status != "" {
		all = append(all, "it says: "+n.Status)
	}
	var parts []string
	if n.Reloading {
		parts = append(parts, "it is reloading")
	}
	if n.Stopping {
		parts = append(parts, "it is stopping by itself")
	}
	if n.MainPID != 0 {
		parts = append(parts, fmt.Sprintf("its main process is %d", n.MainPID))
	}
	if n.Errno != 0 {
		parts = append(parts, "it has failed: "+errnoText(n.Errno))
	}
	switch {
	case n.Watchdog == notify.Never:
		parts = append(parts, "it will not say that it is alive")
	case n.Watchdog != 0:
		parts = append(parts, fmt.Sprintf("it will say that it is alive every %s", n.Watchdog))
	}
	if len(parts) > 0 {
		all = append(all, strings.Join(parts, ", "))
	}
	return all
}

// State is what another monitor needs to go on after an upgrade.
type State struct {
	Children  map[string]ChildState `json:",omitempty"` // by full name of the process
	Endpoints []notify.State        `json:",omitempty"`
}

// ChildState is what is known of a child.
type ChildState struct {
	PID      int
	Note     NotifyState
	Failures int `json:",omitempty"`
}

// HandOver stops receiving, returns what another monitor needs to go on, and puts what
// is open into set. Run must have ended.
func (m *Monitor) HandOver(set descriptors.Set) State {
	s := State{Children: make(map[string]ChildState)}
	for name, one := range m.byName {
		if one.saved.PID != 0 {
			s.Children[name] = one.saved
		}
	}
	s.Endpoints = m.receiver.HandOver(set, func(string) bool { return true })
	return s
}

// Restore goes on where another monitor was. It is called before the first change is
// reported.
func (m *Monitor) Restore(s State, set descriptors.Set) error {
	m.saved = s.Children
	return m.receiver.Restore(s.Endpoints, set)
}

// takeSaved returns the saved state of a child, once.
func (m *Monitor) takeSaved(name string) (ChildState, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.saved[name]
	delete(m.saved, name)
	return l, ok
}

// Close removes all sockets. Run must have ended. It does nothing after
// HandOver.
func (m *Monitor) Close() { m.receiver.CloseAll() }
