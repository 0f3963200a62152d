package inspect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
)

// badRuns returns n short runs that ended with an error.
func badRuns(n int) []api.Run {
	runs := make([]api.Run, n)
	for i := range runs {
		runs[i] = api.Run{PID: i + 1, Start: float64(10 * i), Stop: float64(10*i + 2), ExitStatus: 1}
	}
	return runs
}

func TestTerminalTable(t *testing.T) {
	t.Parallel()
	running := func(group, name string) api.ProcessInfo {
		return api.ProcessInfo{Group: group, Name: name, State: states.Running, StateName: "RUNNING", Description: "pid 10, uptime 0:00:05"}
	}
	fatal := api.ProcessInfo{Group: "db", Name: "db", State: states.Fatal, StateName: "FATAL", Description: "can't find '\x1b[2J'"}
	starting := api.ProcessInfo{Group: "api", Name: "api", State: states.Starting, StateName: "STARTING", Ready: false}
	sick := running("api", "api")
	sick.Ready, sick.Health = true, "unhealthy"
	for _, test := range []struct {
		name   string
		infos  []api.ProcessInfo
		causes map[string][]api.Reason
		past   map[string]api.ProcessRuns
		width  int
		color  bool
		want   string
	}{{
		name: "nothing", width: 80,
	}, {
		name: "as Supervisor", width: 80,
		infos: []api.ProcessInfo{running("web", "0"), fatal},
		want: "web:0                            RUNNING   pid 10, uptime 0:00:05\n" +
			"db                               FATAL     can't find '\\x1b[2J'\n",
	}, {
		name: "narrower", width: 60,
		infos: []api.ProcessInfo{running("web", "0"), fatal},
		want: "web:0  RUNNING   pid 10, uptime 0:00:05\n" +
			"db     FATAL     can't find '\\x1b[2J'\n",
	}, {
		name: "colour", width: 60, color: true,
		infos: []api.ProcessInfo{running("web", "0"), fatal},
		want: "web:0  \x1b[32mRUNNING   \x1b[0mpid 10, uptime 0:00:05\n" +
			"db     \x1b[31mFATAL     \x1b[0mcan't find '\\x1b[2J'\n",
	}, {
		name: "restarts", width: 80,
		infos: []api.ProcessInfo{running("a", "a"), running("b", "b"), running("c", "c"), running("d", "d")},
		past: map[string]api.ProcessRuns{
			"a": {Restarts: 1, Runs: badRuns(1)},
			"b": {Restarts: 17, Runs: badRuns(17)},
			"c": {Restarts: 5, Runs: append(badRuns(4), api.Run{Start: 100, Stop: 200})}, // the last one was long
			"d": {Restarts: 0, Runs: badRuns(5)},                                         // long ago
		},
		want: "a  RUNNING   pid 10, uptime 0:00:05, 1 restart within the last hour\n" +
			"b  RUNNING   pid 10, uptime 0:00:05, flapping, 17 restarts within the last hour\n" +
			"c  RUNNING   pid 10, uptime 0:00:05, 5 restarts within the last hour\n" +
			"d  RUNNING   pid 10, uptime 0:00:05\n",
	}, {
		name: "readiness", width: 50,
		infos: []api.ProcessInfo{starting, sick},
		want: "api  STARTING  not ready\n" +
			"api  RUNNING   pid 10, uptime 0:00:05, unhealthy\n",
	}, {
		name: "causes", width: 50,
		infos:  []api.ProcessInfo{fatal},
		causes: map[string][]api.Reason{"db": {{Kind: "state", Text: "gave up\x07"}}},
		want: "db  FATAL     can't find '\\x1b[2J'\n" +
			"    state: gave up\\x07\n",
	}, {
		name: "one long name", width: 50,
		infos: []api.ProcessInfo{running("a", "a"), running("b", "b"), running("c", "c"), running("d", "a-process-with-a-long-name")},
		want: "a             RUNNING   pid 10, uptime 0:00:05\n" +
			"b             RUNNING   pid 10, uptime 0:00:05\n" +
			"c             RUNNING   pid 10, uptime 0:00:05\n" +
			"d:a-p…g-name  RUNNING   pid 10, uptime 0:00:05\n",
	}, {
		name: "40 columns", width: 40,
		infos: []api.ProcessInfo{running("a-group-with-a-long-name", "and-a-process-too")},
		want: "a-gro…ss-too  RUNNING   pid 10, uptime\n" +
			"                        0:00:05\n",
	}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := terminalTable(test.infos, test.causes, test.past, test.width, test.color)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
