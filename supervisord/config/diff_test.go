package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config/source"
)

// TestDiffComparesAllFields: what makes two processes unequal is named, by an
// option that there is.
func TestDiffComparesAllFields(t *testing.T) {
	t.Parallel()
	for i := range reflect.TypeFor[Process]().NumField() {
		field := reflect.TypeFor[Process]().Field(i)
		if ignoredFields[field.Name] || field.Name == "Name" {
			continue // processes of two names are two processes
		}
		old, updated := &Process{}, &Process{}
		if diff := updated.Diff(old); diff != nil {
			t.Fatalf("two empty processes differ: %v", diff)
		}
		modify(t, reflect.ValueOf(updated).Elem().Field(i))
		diff := updated.Diff(old)
		if len(diff) == 0 {
			t.Errorf("a change of %s goes unnoticed", field.Name)
		}
		for _, c := range diff {
			option, _, _ := strings.Cut(c.Option, " ")
			if field.Name != "Kind" && find(InPrograms, option) == nil {
				t.Errorf("a change of %s is one of %q, which is no option", field.Name, c.Option)
			}
		}
	}
}

// TestDiffComparesAllPolicies: each part is of exactly one row.
func TestDiffComparesAllPolicies(t *testing.T) {
	t.Parallel()
	for i := range reflect.TypeFor[Policy]().NumField() {
		field := reflect.TypeFor[Policy]().Field(i)
		if field.Name == "Configured" || field.Name == "Written" {
			continue
		}
		old, updated := Policy{Configured: true}, Policy{Configured: true}
		setNonZero(t, reflect.ValueOf(&updated).Elem().Field(i))
		if diff := updated.diff(&old); len(diff) != 1 {
			t.Errorf("a change of %s is told as %v", field.Name, diff)
		}
	}
	for _, part := range policyParts {
		for _, option := range part.options {
			if find(InPrograms, option) == nil {
				t.Errorf("there is no option %s", option)
			}
		}
	}
	for _, o := range options {
		listed := slices.ContainsFunc(policyParts, func(p policyPart) bool { return slices.Contains(p.options, o.Name) })
		if o.Extension && o.In == InPrograms && !listed {
			t.Errorf("%s is in no part", o.Name)
		}
	}
}

// setNonZero makes a value one that is not zero.
func setNonZero(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				setNonZero(t, v.Field(i))
				return
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		if v.Index(0).Kind() == reflect.Pointer {
			v.Index(0).Set(reflect.New(v.Type().Elem().Elem()))
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.Set(reflect.ValueOf(1).Convert(v.Type()))
	}
}

func TestPolicyDiff(t *testing.T) {
	t.Parallel()
	const plain = "[program:a]\ncommand=cat\n"
	for _, tt := range []struct{ name, old, updated, want string }{
		{"first", plain, plain + "restart_delay=5s\n", "a restart_delay:  -> 5s (live)\n"},
		{"last", plain + "restart_delay=5s\n", plain, "a restart_delay: 5s ->  (live)\n"},
		{"words", plain + "restart_delay=60\n", plain + "restart_delay=1m\n", ""},
		{"of birth", plain + "user_env=true\nrestart_delay=5\n", plain + "restart_delay=5\n", "a user_env: true ->  (restart)\n"},
		{"a probe", plain + "ready=tcp://localhost:1\n", plain + "ready=tcp://localhost:2\n",
			"a ready: tcp://localhost:1 -> tcp://localhost:2 (live)\n"},
		{"a probe that needs the child", plain + "ready=tcp://localhost:1\n", plain + "ready=notify\n",
			"a ready: tcp://localhost:1 -> notify (restart)\n"},
		{"a socket", "[socket:s]\nlisten=tcp://localhost:1\n" + plain + "sockets=s\n", "[socket:s]\nlisten=tcp://localhost:2\n" + plain + "sockets=s\n",
			"a sockets: s (tcp://localhost:1) -> s (tcp://localhost:2) (restart)\n"},
		{"how a socket is", "[socket:s]\nlisten=unix:///s\nsocket_mode=0770\n" + plain + "sockets=s\n", "[socket:s]\nlisten=unix:///s\nbacklog=9\n" + plain + "sockets=s\n",
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
func loadScaled(t *testing.T, text string, scales ...Scale) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "supervisord.conf")
	if err := os.WriteFile(path, []byte("[supervisord]\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	host := source.ThisHost()
	return Load(LoadOptions{Path: path, Host: host, Scales: scales})
}

func mustLoadScaled(t *testing.T, text string, scales ...Scale) *Group {
	t.Helper()
	c, err := loadScaled(t, text, scales...)
	if err != nil {
		t.Fatal(err)
	}
	return c.Groups[0]
}

func describe(d GroupDiff) string {
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
		{"number that matters", threeWorkers, strings.ReplaceAll(threeWorkers, "numprocs=3", "numprocs=2"),
			"web_0 command: /bin/sh -c 'exit 0 of 3' -> /bin/sh -c 'exit 0 of 2' (restart)\n" +
				"web_1 command: /bin/sh -c 'exit 1 of 3' -> /bin/sh -c 'exit 1 of 2' (restart)\n-web_2\n"},
		{"events", listener, strings.ReplaceAll(listener, "TICK_5,", ""),
			"events: EVENT,TICK_5 -> EVENT (restart)\nan option of all its processes together has changed\n"},
		{"a patient listener", listener, listener + "stopwaitsecs=3\n", "l stopwaitsecs: 10 -> 3 (live)\n"},
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

func groupProcesses(g *Group) string {
	var all []string
	for _, p := range g.Processes {
		all = append(all, fmt.Sprintf("%s=%d", p.Name, p.Num))
	}
	return strings.Join(all, " ")
}

// TestScale: the processes that there are stay what they are.
func TestScale(t *testing.T) {
	t.Parallel()
	plain := mustLoadScaled(t, threeWorkers)
	if want := []Program{{"web", "program:web", 3, true}}; !reflect.DeepEqual(plain.Programs, want) {
		t.Errorf("programs: %v", plain.Programs)
	}
	more := mustLoadScaled(t, threeWorkers, Scale{"web", "program:web", 5, 0, 3})
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
	if got := groupProcesses(mustLoadScaled(t, threeWorkers, Scale{"web", "program:web", 0, 0, 3})); got != "" {
		t.Errorf("none are %s", got)
	}
	for what, s := range map[string]Scale{
		"of another number":  {"web", "program:web", 5, 0, 4},
		"of another group":   {"w", "program:web", 5, 0, 3},
		"of another section": {"web", "program:w", 5, 0, 3},
	} {
		if got := groupProcesses(mustLoadScaled(t, threeWorkers, s)); got != groupProcesses(plain) {
			t.Errorf("a scale %s: %s", what, got)
		}
	}
	if got := groupProcesses(mustLoadScaled(t, "[program:one]\ncommand=cat\n", Scale{"one", "program:one", 2, 0, 1})); got != "one=0" {
		t.Errorf("without numbers in the names: %s", got)
	}
}
