package load

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
)

func TestPolicyDiff(t *testing.T) {
	t.Parallel()
	const plain = "[program:a]\ncommand=cat\n"
	for _, tt := range []struct{ name, old, updated, want string }{
		{"first extension", plain, plain + "restart_delay=5s\n", "a restart_delay:  -> 5s (live)\n"},
		{"last extension", plain + "restart_delay=5s\n", plain, "a restart_delay: 5s ->  (live)\n"},
		{"same value, other text", plain + "restart_delay=60\n", plain + "restart_delay=1m\n", ""},
		{"applied at spawn", plain + "user_env=true\nrestart_delay=5\n", plain + "restart_delay=5\n", "a user_env: true ->  (restart)\n"},
		{"a probe", plain + "ready=tcp://localhost:1\n", plain + "ready=tcp://localhost:2\n",
			"a ready: tcp://localhost:1 -> tcp://localhost:2 (live)\n"},
		{"a self-reported probe", plain + "ready=tcp://localhost:1\n", plain + "ready=notify\n",
			"a ready: tcp://localhost:1 -> notify (restart)\n"},
		{"a socket", "[socket:s]\nlisten=tcp://localhost:1\n" + plain + "sockets=s\n", "[socket:s]\nlisten=tcp://localhost:2\n" + plain + "sockets=s\n",
			"a sockets: s (tcp://localhost:1) -> s (tcp://localhost:2) (restart)\n"},
		{"settings of a socket", "[socket:s]\nlisten=unix:///s\nsocket_mode=0770\n" + plain + "sockets=s\n", "[socket:s]\nlisten=unix:///s\nbacklog=9\n" + plain + "sockets=s\n",
			"a sockets: s (unix:///s with socket_mode 0770) -> s (unix:///s with backlog 9) (restart)\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := mustLoadScaled(t, tt.updated)
			if diff := cmp.Diff(tt.want, describe(d.Diff(mustLoadScaled(t, tt.old)))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// loadScaled reads a configuration with scales in force.
func loadScaled(t *testing.T, text string, scales ...config.Scale) (*config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "supervisord.conf")
	if err := os.WriteFile(path, []byte("[supervisord]\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	host := source.ThisHost()
	return Config(Options{Input: section.Input{Path: path, Host: host}, Scales: scales})
}

func mustLoadScaled(t *testing.T, text string, scales ...config.Scale) *config.Group {
	t.Helper()
	c, err := loadScaled(t, text, scales...)
	if err != nil {
		t.Fatal(err)
	}
	return c.Groups[0]
}

func describe(d config.GroupDiff) string {
	var b strings.Builder
	for _, c := range d.Changes {
		fmt.Fprintf(&b, "%s: %s -> %s (%s)\n", c.Option, c.Old, c.New, c.Effect)
	}
	for _, p := range d.Kept {
		for _, c := range p.Changes {
			fmt.Fprintf(&b, "%s %s: %s -> %s (%s)\n", p.New.Name, c.Option, c.Old, c.New, c.Effect)
		}
	}
	for _, p := range d.Added {
		fmt.Fprintf(&b, "+%s\n", p.Name)
	}
	for _, p := range d.Removed {
		fmt.Fprintf(&b, "-%s\n", p.Name)
	}
	if d.Whole != "" {
		fmt.Fprintf(&b, "%s\n", d.Whole)
	}
	return b.String()
}

const threeWorkers = `[program:web]
command=/bin/sh -c 'exit %(process_num)d of %(numprocs)d'
process_name=%(program_name)s_%(process_num)d
numprocs=3
`

func TestGroupDiff(t *testing.T) {
	t.Parallel()
	const listener = "[eventlistener:l]\ncommand=cat\nevents=TICK_5,EVENT\n"
	for _, tt := range []struct{ name, old, updated, want string }{
		{"nothing", threeWorkers, threeWorkers, ""},
		{"live and restart", "[program:a]\ncommand=cat\n",
			"[program:a]\ncommand=cat -n\nstopwaitsecs=20\nstopsignal=INT\nexitcodes=0,3\npriority=5\n",
			"priority: 999 -> 5 (live)\na command: cat -> cat -n (restart)\na exitcodes: 0 -> 0,3 (live)\na priority: 999 -> 5 (live)\n" +
				"a stopsignal: TERM -> INT (live)\na stopwaitsecs: 10 -> 20 (live)\n"},
		{"environment", "[program:a]\ncommand=cat\nenvironment=A=1,B=secret,C=3\n", "[program:a]\ncommand=cat\nenvironment=A=1,B=other,D=4\n",
			"a environment B: set -> set to something else (restart)\na environment C: set ->  (restart)\na environment D:  -> set (restart)\n"},
		{"a log", "[program:a]\ncommand=cat\n", "[program:a]\ncommand=cat\nstdout_logfile=/dev/null\n",
			"a stdout_logfile: AUTO -> /dev/null (restart)\n"},
		{"number", strings.ReplaceAll(threeWorkers, " of %(numprocs)d", ""),
			strings.ReplaceAll(strings.ReplaceAll(threeWorkers, " of %(numprocs)d", ""), "numprocs=3", "numprocs=4\nnumprocs_start=1"),
			"+web_3\n+web_4\n-web_0\n"},
		{"number in the command", threeWorkers, strings.ReplaceAll(threeWorkers, "numprocs=3", "numprocs=2"),
			"web_0 command: /bin/sh -c 'exit 0 of 3' -> /bin/sh -c 'exit 0 of 2' (restart)\n" +
				"web_1 command: /bin/sh -c 'exit 1 of 3' -> /bin/sh -c 'exit 1 of 2' (restart)\n-web_2\n"},
		{"events", listener, strings.ReplaceAll(listener, "TICK_5,", ""),
			"events: EVENT,TICK_5 -> EVENT (restart)\nan option of all its processes together has changed\n"},
		{"a live option of a listener", listener, listener + "stopwaitsecs=3\n", "l stopwaitsecs: 10 -> 3 (live)\n"},
		{"another listener", listener, strings.ReplaceAll(listener, "cat", "cat -n"),
			"l command: cat -> cat -n (restart)\nthe processes of an event listener share a queue\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			old, updated := mustLoadScaled(t, tt.old), mustLoadScaled(t, tt.updated)
			d := updated.Diff(old)
			if diff := cmp.Diff(tt.want, describe(d)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if d.IsEmpty() != updated.Equal(old) {
				t.Errorf("the difference is empty: %v", d.IsEmpty())
			}
		})
	}
}

func groupProcesses(g *config.Group) string {
	var all []string
	for _, p := range g.Processes {
		all = append(all, fmt.Sprintf("%s=%d", p.Name, p.Num))
	}
	return strings.Join(all, " ")
}

// TestScale: a scale does not change existing processes.
func TestScale(t *testing.T) {
	t.Parallel()
	plain := mustLoadScaled(t, threeWorkers)
	if want := []config.Program{{Name: "web", Section: "program:web", Numprocs: 3, Numbered: true}}; !reflect.DeepEqual(plain.Programs, want) {
		t.Errorf("programs: %v", plain.Programs)
	}
	more := mustLoadScaled(t, threeWorkers, config.Scale{Group: "web", Section: "program:web", Numprocs: 5, Of: 3})
	if got, want := groupProcesses(more), "web_0=0 web_1=1 web_2=2 web_3=3 web_4=4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := describe(more.Diff(plain)), "+web_3\n+web_4\n"; got != want {
		t.Errorf("got %s", got)
	}
	if got, want := more.Processes[4].Command, "/bin/sh -c 'exit 4 of 3'"; got != want {
		t.Errorf("the command of a new one is %s, want %s", got, want)
	}
	if more.Programs[0].Numprocs != 3 {
		t.Errorf("programs: %v", more.Programs)
	}
	if got := groupProcesses(mustLoadScaled(t, threeWorkers, config.Scale{Group: "web", Section: "program:web", Numprocs: 0, Of: 3})); got != "" {
		t.Errorf("none are %s", got)
	}
	for what, s := range map[string]config.Scale{
		"of another number":  {Group: "web", Section: "program:web", Numprocs: 5, Of: 4},
		"of another group":   {Group: "w", Section: "program:web", Numprocs: 5, Of: 3},
		"of another section": {Group: "web", Section: "program:w", Numprocs: 5, Of: 3},
	} {
		if got := groupProcesses(mustLoadScaled(t, threeWorkers, s)); got != groupProcesses(plain) {
			t.Errorf("a scale %s: %s", what, got)
		}
	}
	if got := groupProcesses(mustLoadScaled(t, "[program:one]\ncommand=cat\n", config.Scale{Group: "one", Section: "program:one", Numprocs: 2, Of: 1})); got != "one=0" {
		t.Errorf("without numbers in the names: %s", got)
	}
}
