package health

import (
	"fmt"
	"strings"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/system/notify"
)

// Note returns what the present child of a process says of itself. It never blocks.
func (m *Monitor) Note(p *process.Process) Note {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.notes[p]
}

// Explain tells what is known of the readiness and health of a process, see
// supervisor.Explain.
func (m *Monitor) Explain(p *process.Process) []api.Cause {
	c, st := p.Current(), p.Status()
	if !asksFor(c) || st.PID == 0 {
		return nil
	}
	var all []api.Cause
	add := func(kind, format string, args ...any) {
		all = append(all, api.Cause{Kind: kind, Text: fmt.Sprintf(format, args...)})
	}
	if c.Ready.Kind != config.NoProbe {
		add("probe", "%s", readiness(c, st, time.Now()))
	}
	if c.Health.Kind != config.NoProbe && st.State == states.Running {
		add("probe", "%s", condition(c, st, time.Now()))
	}
	for _, text := range m.Note(p).words() {
		add("program", "%s", text)
	}
	return all
}

func readiness(c *config.Process, st *process.Status, now time.Time) string {
	about := fmt.Sprintf("ready = %s", c.Ready.Text)
	switch {
	case st.Ready:
		return about + ": it is ready"
	case st.Late:
		return about + ": it was not ready in time and is being stopped"
	}
	text := about + ": not yet"
	if st.NotYet != "" {
		text += ", " + st.NotYet
	}
	if st.State == states.Starting && !st.ReadyBy.IsZero() {
		text += fmt.Sprintf(" (%s left)", max(st.ReadyBy.Sub(now), 0).Round(time.Second))
	}
	return text
}

func condition(c *config.Process, st *process.Status, now time.Time) string {
	about := fmt.Sprintf("health = %s: ", c.Health.Text)
	since := ""
	if !st.VitalsAt.IsZero() {
		since = fmt.Sprintf(" for %s", now.Sub(st.VitalsAt).Round(time.Second))
	}
	switch {
	case st.Health == process.Unhealthy:
		return about + "unhealthy" + since + ", " + st.Ill
	case st.Ill != "":
		return about + "failing, " + st.Ill
	case st.Health == process.Healthy:
		return about + "healthy" + since
	}
	return about + "not known yet"
}

// words is a note as lines of text.
func (n Note) words() (all []string) {
	if n.Status != "" {
		all = append(all, "it says: "+n.Status)
	}
	var said []string
	if n.Reloading {
		said = append(said, "it is reloading")
	}
	if n.Stopping {
		said = append(said, "it is stopping by itself")
	}
	if n.MainPID != 0 {
		said = append(said, fmt.Sprintf("its main process is %d", n.MainPID))
	}
	if n.Errno != 0 {
		said = append(said, "it has failed: "+errnoText(n.Errno))
	}
	switch {
	case n.Watchdog == notify.Never:
		said = append(said, "it will not say that it is alive")
	case n.Watchdog != 0:
		said = append(said, fmt.Sprintf("it will say that it is alive every %s", n.Watchdog))
	}
	if len(said) > 0 {
		all = append(all, strings.Join(said, ", "))
	}
	return all
}

// Legacy is what another monitor needs to go on with a child, after an upgrade.
type Legacy struct {
	PID      int
	Note     Note
	Failures int `json:",omitempty"`
}

// Legacy stops hearing and returns what another monitor needs to go on. Run must
// have ended.
func (m *Monitor) Legacy() (children map[string]Legacy, heard []notify.Bequest) {
	children = make(map[string]Legacy)
	for name, s := range m.byName {
		if s.last.PID != 0 {
			children[name] = s.last
		}
	}
	return children, m.hub.Bequeath(func(string) bool { return true })
}

// Resume goes on where another monitor has been. It is called before the first
// change is told of.
func (m *Monitor) Resume(children map[string]Legacy, heard []notify.Bequest) error {
	m.past = children
	return m.hub.Inherit(heard)
}

// inherit returns what is known from before, once.
func (m *Monitor) inherit(name string) (Legacy, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.past[name]
	delete(m.past, name)
	return l, ok
}

// Close removes all sockets. Run must have ended. It does nothing after Legacy.
func (m *Monitor) Close() { m.hub.CloseAll() }
