package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/system/boottime"
)

// now is the time of all reports here.
var now = time.Date(2024, 2, 3, 16, 5, 6, 0, time.Local)

// processWith is a process with a status that set completes.
func processWith(set func(*config.Process, *process.Status)) Process {
	c := &config.Process{Group: "web", Name: "web"}
	c.Configured = true
	st := &process.Status{}
	set(c, st)
	return Process{Config: c, Current: c, Status: st}
}

func checked(c *config.Process) {
	c.Ready.Kind, c.Health.Kind = config.TCPProbe, config.TCPProbe
}

func TestDescription(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		want string
		set  func(*config.Process, *process.Status)
	}{
		{"Not started", func(*config.Process, *process.Status) {}},
		{"waiting for db:ready", func(_ *config.Process, st *process.Status) { st.WaitingFor = "db:ready" }},
		{"Feb 03 04:05 PM", func(_ *config.Process, st *process.Status) { st.State, st.Ended = states.Exited, boottime.At(now) }},
		{"pid 7, uptime 2 days, 3:04:05", func(_ *config.Process, st *process.Status) {
			st.State, st.PID, st.Started = states.Running, 7, boottime.At(now.Add(-(51*time.Hour + 4*time.Minute + 5*time.Second)))
		}},
		{"pid 7, uptime 1 day, 0:00:00", func(_ *config.Process, st *process.Status) {
			st.State, st.PID, st.Started = states.Running, 7, boottime.At(now.Add(-24*time.Hour))
		}},
		{"pid 7, uptime 0:00:00", func(_ *config.Process, st *process.Status) { // the clock was set back
			st.State, st.PID, st.Started = states.Running, 7, boottime.At(now.Add(time.Hour))
		}},
		{"no such file", func(_ *config.Process, st *process.Status) { st.State, st.SpawnErr = states.Fatal, "no such file" }},
		{`unknown error (try "tail web")`, func(_ *config.Process, st *process.Status) { st.State = states.Backoff }},
		{"", func(_ *config.Process, st *process.Status) { st.State = states.Stopping }},
		{"pid 7, uptime 0:00:00, not ready", func(c *config.Process, st *process.Status) {
			checked(c)
			st.State, st.PID, st.Started = states.Running, 7, boottime.At(now)
		}},
		{"pid 7, uptime 0:00:00, unhealthy: refused", func(c *config.Process, st *process.Status) {
			checked(c)
			st.State, st.PID, st.Started, st.Health, st.HealthFailure = states.Running, 7, boottime.At(now), process.Unhealthy, "refused"
		}},
		{"waiting to be ready: refused", func(c *config.Process, st *process.Status) {
			checked(c)
			st.State, st.PID, st.NotReadyReason = states.Starting, 7, "refused"
		}},
	} {
		if got := Info(processWith(tt.set), now).Description; got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestTimesFitXMLRPC(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		at   time.Time
		want int64
	}{{time.Time{}, 0}, {time.Unix(-5, 0), 0}, {time.Unix(5, 9), 5}, {time.Unix(1<<40, 0), 1<<31 - 1}} {
		if got := epoch(tt.at); got != tt.want {
			t.Errorf("%s is %d, want %d", tt.at, got, tt.want)
		}
	}
}

func TestHealthCondition(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		want string
		set  func(*process.Status)
	}{
		{"waiting", func(st *process.Status) { st.State = states.Starting }},
		{"late", func(st *process.Status) { st.State, st.ReadyTimedOut = states.Starting, true }},
		{"ready", func(st *process.Status) { st.State, st.Ready = states.Starting, true }},
		{"ready", func(st *process.Status) { st.State, st.Ready = states.Running, true }},
		{"unready", func(st *process.Status) { st.State = states.Running }},
		{"failing", func(st *process.Status) { st.State, st.Ready, st.HealthFailure = states.Running, true, "refused" }},
		{"unhealthy", func(st *process.Status) { st.State, st.Ready, st.Health = states.Running, true, process.Unhealthy }},
		{"healthy", func(st *process.Status) { st.State, st.Ready, st.Health = states.Running, true, process.Healthy }},
		{"fatal", func(st *process.Status) { st.State = states.Fatal }},
	} {
		h, isChecked := Health(processWith(func(c *config.Process, st *process.Status) { checked(c); tt.set(st) }), now)
		if !isChecked || h.Condition != tt.want {
			t.Errorf("got %q, want %q", h.Condition, tt.want)
		}
	}
	if _, isChecked := Health(processWith(func(*config.Process, *process.Status) {}), now); isChecked {
		t.Error("a process without checks has a health")
	}
}

func TestWhy(t *testing.T) {
	t.Parallel()
	p := processWith(func(c *config.Process, st *process.Status) {
		c.Restart.Limit, c.Restart.Window = 3, time.Minute
		st.State, st.PID, st.Reason, st.SpawnErr, st.Hook = states.Running, 7, "started by an operator", "exit status 1", process.PostStart
		st.Restarts = &[]boottime.Time{boottime.At(now.Add(-time.Hour)), boottime.At(now.Add(-time.Second))}
		st.LeaderExited, st.Leftovers = true, "pid 8 (sleep)"
	})
	want := []api.Reason{
		{Kind: "state", Text: "started by an operator"},
		{Kind: "unconfigured", Text: "pid 7 was left by an earlier supervisord and is not configured any more; it runs until it ends or is stopped"},
		{Kind: "exit", Text: "exit status 1"},
		{Kind: "hook", Text: "post_start is running"},
		{Kind: "budget", Text: "1 of 3 restarts within 1m are used up"},
		{Kind: "exit", Text: "the child has ended, others who belong to it have not"},
		{Kind: "exit", Text: "the last stop has left behind pid 8 (sleep)"},
	}
	if got := Why(p, true, now); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestPlanOfChangedGroup(t *testing.T) {
	t.Parallel()
	stays, live, restarts := &config.Process{Name: "stays"}, &config.Process{Name: "live"}, &config.Process{Name: "restarts"}
	d := config.GroupDiff{
		New: &config.Group{Name: "web"},
		Kept: []config.ProcessDiff{
			{New: stays},
			{New: live, Changes: []config.Change{{Option: "stopwaitsecs"}}},
			{New: restarts, Changes: []config.Change{{Option: "command", Effect: config.EffectRestart}}},
		},
		Added:   []*config.Process{{Name: "new", Autostart: true}, {Name: "manual"}},
		Removed: []*config.Process{{Name: "old"}},
	}
	for _, tt := range []struct {
		byProcess   bool
		whole, want string
	}{
		{true, "", "live live, restarts restart, new start, manual add, old stop"},
		{false, "update_granularity is group", "stays restart, live restart, restarts restart, new start, manual add, old stop"},
	} {
		plan := PlanChanged(d, tt.byProcess)
		var got []string
		for _, p := range plan.Processes {
			got = append(got, p.Name+" "+p.Effect)
		}
		if got := strings.Join(got, ", "); got != tt.want || plan.Whole != tt.whole {
			t.Errorf("by process %t: %s (%s)", tt.byProcess, got, plan.Whole)
		}
	}
}

func TestOnlyScaledProgramsCountAsScaling(t *testing.T) {
	t.Parallel()
	g := &config.Group{Name: "g", Programs: []config.Program{{Section: "program:web", Numprocs: 4}}}
	added := []*config.Process{{Name: "web_2", Section: "program:web"}}
	scale := config.Scale{Group: "g", Section: "program:web", Of: 4}
	for _, tt := range []struct {
		name   string
		diff   config.GroupDiff
		scales []config.Scale
		want   bool
	}{
		{"scaled", config.GroupDiff{New: g, Added: added}, []config.Scale{scale}, true},
		{"not scaled", config.GroupDiff{New: g, Added: added}, nil, false},
		{"another number in the file", config.GroupDiff{New: g, Added: added}, []config.Scale{{Group: "g", Section: "program:web", Of: 5}}, false},
		{"no difference", config.GroupDiff{New: g}, []config.Scale{scale}, false},
		{"another option", config.GroupDiff{New: g, Added: added, Changes: []config.Change{{Option: "priority"}}}, []config.Scale{scale}, false},
	} {
		if got := IsScaling(tt.diff, tt.scales); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// TestChangesAreInOrder: the same changes are always in the same words.
func TestChangesAreInOrder(t *testing.T) {
	t.Parallel()
	const want = "added: a, b; changed: c; removed: d"
	for range 50 {
		got := Changes(api.Changes{Removed: []string{"d"}, Changed: []string{"c"}, Added: []string{"a", "b"}})
		if got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}
