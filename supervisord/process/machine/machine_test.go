package machine

import (
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

// defaultConf is a program with Supervisor's defaults.
func defaultConf() *config.Process {
	return &config.Process{
		Name: "p", Group: "g", Program: "p", Command: "/bin/p", Umask: -1,
		Autostart: true, Autorestart: config.RestartUnexpected, StartSecs: 1, StartRetries: 3,
		ExitCodes: []int{0}, StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
	}
}

// noon is when the last start of a machineIn was.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// machineIn returns a machine as it would be in that state.
func machineIn(s states.Process) *Machine {
	m := &Machine{conf: defaultConf()}
	m.State, m.Started = s, boottime.At(noon)
	switch s {
	case states.Starting, states.Running, states.Stopping, states.Unknown:
		m.PID = 7
	}
	return m
}

// exitedWith is the exit of a child with a status.
func exitedWith(code int) Input { return Input{Kind: ChildExited, Exit: spawn.Exit{Code: code}} }

// killedChild is the exit of a child by SIGKILL.
var killedChild = Input{Kind: ChildExited, Exit: spawn.Exit{Code: -1, Signal: syscall.SIGKILL}}

// describe renders effects for comparison, a word or a line each. Log lines at level
// debug are left out.
func describe(effects []Effect) []string {
	var out []string
	for _, e := range effects {
		if text := describeOne(e); text != "" {
			out = append(out, text)
		}
	}
	return out
}

func describeOne(e Effect) string {
	switch e := e.(type) {
	case SpawnChild:
		return "spawn"
	case SendSignal:
		target := map[Target]string{ToGroup: " to the group", ToScope: " to the scope", ToAll: " to all"}[e.To]
		return "signal " + signals.Name(e.Signal) + target
	case SetTimer:
		return "timer " + e.After.String()
	case StopTimer:
		return "stop timer"
	case WatchDescendants:
		return "watch"
	case PublishChange:
		return fmt.Sprintf("%s->%s", e.From, e.To)
	case RestoreState:
		return "restore " + e.To.String()
	case LogLine:
		if e.Level > slog.LevelDebug {
			return e.Text
		}
	case ReportRestartLimit:
		return "restart limit"
	case RunHook:
		return e.Hook.String()
	case CancelHook:
		return "cancel hook"
	case Refuse:
		return e.Code.String()
	}
	return ""
}

// stepTest is one step: a cell of the table, or a case of it.
type stepTest struct {
	name  string
	state states.Process
	set   func(*Machine) // changes what machineIn returns, nil for nothing
	in    Input
	age   time.Duration // since the last start
	want  []string      // the effects, see describe
}

// testSteps runs steps, each with a machine of its own. before changes all of these.
func testSteps(t *testing.T, tests []stepTest, before ...func(*Machine)) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := machineIn(tt.state)
			for _, change := range before {
				change(m)
			}
			if tt.set != nil {
				tt.set(m)
			}
			if tt.in.Kind == ChildSpawned {
				m.PID = 0
			}
			got := describe(m.Step(m.Started.Add(tt.age), tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state states.Process
		in    Input
		level slog.Level
		text  string
	}{
		{states.Running, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, logs.LevelInfo, "exited: "},
		{states.Running, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 1}}, logs.LevelWarn, "exited: "},
		{states.Stopping, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, logs.LevelInfo, "stopped: "},
		{states.Stopping, Input{Kind: ChildExited, Exit: spawn.Exit{Code: -1, Signal: 15}}, logs.LevelWarn, "stopped: "},
		{states.Stopping, Input{Kind: TimerFired}, logs.LevelWarn, "killing 'p'"},
		{states.Stopping, Input{Kind: SignalFailed, Text: "unknown problem"}, logs.LevelCritical, "unknown problem"},
		{states.Running, Input{Kind: StopRequested}, logs.LevelDebug, "killing p (pid 7) with signal SIGTERM"},
		{states.Running, Input{Kind: SignalRequested, Signal: 1}, logs.LevelDebug, "sending p (pid 7) sig SIGHUP"},
		{states.Backoff, Input{Kind: StopRequested}, logs.LevelDebug, "Attempted to kill p, which is in BACKOFF state."},
	} {
		m := machineIn(tt.state)
		m.conf.Autorestart = config.RestartNever
		found := false
		for _, e := range m.Step(noon.Add(time.Hour), tt.in) {
			if s, ok := e.(LogLine); ok && strings.HasPrefix(s.Text, tt.text) {
				found = true
				if s.Level != tt.level {
					t.Errorf("%q: level %v, want %v", s.Text, s.Level, tt.level)
				}
			}
		}
		if !found {
			t.Errorf("%s: no line %q", tt.state, tt.text)
		}
	}
}

func TestRefusalDetail(t *testing.T) {
	t.Parallel()
	m := machineIn(states.Unknown)
	got := m.Step(noon, Input{Kind: StartRequested})
	want := Refuse{faults.Failed, " is in an unknown process state"}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %v", got)
	}
}

func BenchmarkStep(b *testing.B) {
	m := machineIn(states.Running)
	b.ReportAllocs()
	for b.Loop() {
		m.Step(noon, Input{Kind: StartRequested})
	}
}
