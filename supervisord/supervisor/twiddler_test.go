package supervisor_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
)

// makeProgram is a Source.Program: a process for each word of the option names. They
// start by themselves unless quiet is an option, and have AUTO logs if auto is one.
func makeProgram(group, name string, options map[string]string) ([]*config.Process, error) {
	if name == "bad" {
		return nil, errors.New("bad options")
	}
	var list []*config.Process
	for n := range strings.FieldsSeq(options["names"]) {
		p := proc(group, n, 1)
		_, quiet := options["quiet"]
		p.Autostart = !quiet
		_, p.Stdout.Auto = options["auto"]
		list = append(list, p)
	}
	return list, nil
}

func TestAddAndRemoveProcesses(t *testing.T) {
	conf := configOf(program("a", 1), group("g", 2, proc("g", "b", 1)))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		if diff := cmp.Diff([]string{"a", "g"}, w.GroupNames()); diff != "" {
			t.Error(diff)
		}
		add := func(group, name, names string) error {
			return w.AddProgram(group, name, map[string]string{"names": names})
		}
		for _, tt := range []struct {
			what string
			err  error
			want string
		}{
			{"add two", add("g", "x", "x1 x2"), "<nil>"},
			{"add a quiet one", w.AddProgram("a", "q", map[string]string{"names": "q", "quiet": ""}), "<nil>"},
			{"add to no group", add("nope", "y", "y"), "BAD_NAME: group: nope"},
			{"add one that exists", add("g", "b", "b"), "BAD_NAME: b"},
			{"add one that has been added", add("g", "x", "new x2"), "BAD_NAME: x2"},
			{"add one twice", add("g", "y", "y y"), "BAD_NAME: y"},
			{"add one that can't be", add("g", "bad", ""), "INCORRECT_PARAMETERS: bad options"},
			{"remove from no group", w.RemoveProcess("nope", "b"), "BAD_NAME: group: nope"},
			{"remove an unknown one", w.RemoveProcess("g", "unknown"), "BAD_NAME: unknown"},
			{"remove one that runs", w.RemoveProcess("g", "b"), "STILL_RUNNING: b"},
		} {
			if got := fmt.Sprint(tt.err); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
			}
		}
		advance(2 * time.Second)
		if got, want := w.states(), "a:a=RUNNING a:q=STOPPED g:b=RUNNING g:x1=RUNNING g:x2=RUNNING"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if spawned := slices.Sorted(slices.Values(w.spawned)); !slices.Equal(spawned, []string{"a", "b", "x1", "x2"}) {
			t.Errorf("spawned %v", spawned)
		}
		shown := 0
		for _, c := range w.ConfigInfos() {
			if c.InUse {
				shown++
			}
		}
		if shown != 5 {
			t.Errorf("the configuration shows %d of 5 processes", shown)
		}
		changes, err := w.Reload(t.Context())
		if diff := cmp.Diff([]string{"a", "g"}, changes.Changed); diff != "" || err != nil {
			t.Errorf("a changed configuration: %v\n%s", err, diff)
		}

		if _, err := w.StopProcess(t.Context(), "g:b", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.RemoveProcess("g", "b"), w.RemoveProcess("a", "q")); err != nil {
			t.Fatal(err)
		}
		if got, want := w.states(), "a:a=RUNNING g:x1=RUNNING g:x2=RUNNING"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		w.Shutdown()
		<-w.ended
		if got, want := w.states(), "a:a=STOPPED g:x1=STOPPED g:x2=STOPPED"; got != want {
			t.Errorf("after the shutdown %s, want %s", got, want)
		}
		if err := add("g", "late", "late"); fmt.Sprint(err) != "SHUTDOWN_STATE" {
			t.Errorf("error %v", err)
		}
	})
}

// TestRefusedProcessRemovalChangesNothing: its start is retried as before.
func TestRefusedProcessRemovalChangesNothing(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		advance(300 * time.Millisecond)
		w.children["a"].end(spawn.Exit{Code: 1})
		advance(time.Millisecond) // BACKOFF
		if err := w.RemoveProcess("a", "a"); err == nil {
			t.Fatal("removed")
		}
		advance(5 * time.Second)
		if got, want := w.states(), "a:a=RUNNING"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
