package shutdown

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/groups"
)

// newGroup makes a group of processes, written as "name:priority" or "name:priority>db" for
// one that depends on another.
func newGroup(t *testing.T, name string, priority int, processes ...string) *groups.Active {
	t.Helper()
	g := &process.Group{Config: &config.Group{Name: name, Priority: priority}}
	for _, text := range processes {
		text, on, depends := strings.Cut(text, ">")
		c := &config.Process{Group: name}
		if _, err := fmt.Sscanf(strings.Replace(text, ":", " ", 1), "%s %d", &c.Name, &c.Priority); err != nil {
			t.Fatal(err)
		}
		if depends {
			c.DependsOn = []config.Dependency{{Name: on}}
		}
		g.Processes = append(g.Processes, process.New(process.Options{Config: c, Events: new(events.Bus), Log: slog.New(slog.DiscardHandler)}))
	}
	return groups.NewActive(t.Context(), g, func(context.Context, *process.Process) {})
}

func asPool(a *groups.Active) *groups.Active {
	a.SetPool(&listener.Pool{}, func() {})
	return a
}

func TestLevels(t *testing.T) {
	t.Parallel()
	table := groups.NewTable(func() {})
	table.Add(newGroup(t, "first", 5, "a:1", "b:9", "c:9"))
	table.Add(newGroup(t, "second", 5, "d:1"))
	table.Add(newGroup(t, "last", 900, "e:1"))
	table.Add(asPool(newGroup(t, "listeners", -1, "l:1")))
	for _, tt := range []struct {
		parallel bool
		want     string
	}{
		{false, "e 900, d 5, c 5, b 5, a 5, l -1"},
		{true, "e 1, d 1, c 1, b 1, a 1, l 0"},
	} {
		s := Shutdown{Groups: table, Parallel: tt.parallel}
		var got []string
		for _, l := range s.levels() {
			got = append(got, fmt.Sprint(l.Process.Config.Name, " ", l.Level))
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("parallel %t: %s, want %s", tt.parallel, got, tt.want)
		}
	}
}

func TestWhatStopsTogether(t *testing.T) {
	t.Parallel()
	plain := newGroup(t, "plain", 5, "a:1")
	for _, tt := range []struct {
		name  string
		other *groups.Active
		want  bool
	}{
		{"the same priority", newGroup(t, "other", 5, "b:1"), true},
		{"another priority", newGroup(t, "other", 6, "b:1"), false},
		{"event listeners", asPool(newGroup(t, "other", 5, "b:1")), false},
		{"one that depends on others", newGroup(t, "other", 5, "b:1>a"), false},
	} {
		if got := stopTogether(plain, tt.other); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
		if got := stopTogether(tt.other, plain); got != tt.want {
			t.Errorf("%s, the other way round: %t", tt.name, got)
		}
	}
}
