package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/output"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/supervisor/loaded"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testDaemon is a supervisor whose children are fakes, in a synctest bubble.
type testDaemon struct {
	*supervisor.Supervisor
	bus        *events.Bus
	log        testkit.Log
	loadConfig func() (*config.Config, error) // what the next load returns
	mood       states.Daemon                  // that Run ended in
	batches    int                            // how often Hooks.Started was called
	ended      chan struct{}

	mu            sync.Mutex
	spawned       []string // names, in order
	children      map[string]*child
	stopDelay     map[string]time.Duration // from SIGTERM to the exit of a child
	signalsDenied map[string]bool          // children that can't be signalled
	onSpawn       map[string]func()        // called during the spawn
	events        []string
	probeCount    int
	delivered     []string // what listeners got: their name, the type and payload of the event
}

type child struct {
	w     *testDaemon
	name  string
	pid   int
	exits chan spawn.Exit
	out   output.Sink // its stdout
}

func (c *child) Pid() int                        { return c.pid }
func (c *child) Identity() spawn.ProcessIdentity { return spawn.ProcessIdentity{} }
func (c *child) HandOver() (spawn.ChildState, [3]int, error) {
	return spawn.ChildState{}, [3]int{-1, -1, -1}, nil
}
func (c *child) DaemonisedPID() int        { return 0 }
func (c *child) Exited() <-chan spawn.Exit { return c.exits }

// Write is a listener that handles its event in a millisecond.
func (c *child) Write(data []byte) error {
	header, payload, _ := strings.Cut(string(data), "\n")
	_, header, _ = strings.Cut(header, "eventname:")
	kind, _, _ := strings.Cut(header, " ")
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.delivered = append(c.w.delivered, strings.TrimSpace(c.name+": "+kind+" "+payload))
	time.AfterFunc(time.Millisecond, func() { c.out.Write([]byte("RESULT 2\nOKREADY\n")) })
	return nil
}

func (c *child) Signal(sig syscall.Signal, _ bool) error {
	c.w.mu.Lock()
	timeout, denied := c.w.stopDelay[c.name], c.w.signalsDenied[c.name]
	c.w.mu.Unlock()
	switch {
	case denied:
		return syscall.EPERM
	case sig == syscall.SIGKILL || timeout == 0:
		c.end(spawn.Exit{Code: -1, Signal: sig})
	case sig == syscall.SIGTERM:
		time.AfterFunc(timeout, func() { c.end(spawn.Exit{Code: 0}) })
	}
	return nil
}

func (c *child) end(e spawn.Exit) {
	select {
	case c.exits <- e:
	default:
	}
}

// Spawn implements process.Spawner.
func (w *testDaemon) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	name := ""
	for _, kv := range spec.Env {
		if v, ok := strings.CutPrefix(kv, "SUPERVISOR_PROCESS_NAME="); ok {
			name = v
		}
	}
	if callback := w.onSpawn[name]; callback != nil {
		callback()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spawned = append(w.spawned, name)
	c := &child{w: w, name: name, pid: 100 + len(w.spawned), exits: make(chan spawn.Exit, 1), out: spec.Stdout}
	if strings.HasPrefix(name, "listener") {
		time.AfterFunc(time.Millisecond, func() { c.out.Write([]byte("READY\n")) })
	}
	w.children[name] = c
	return c, nil
}

// Adopt implements process.Spawner: the orphans are the children that the test has made.
func (w *testDaemon) Adopt(o *spawn.Orphan, spec *spawn.Spec) (spawn.Child, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.children {
		if c.pid == o.PID {
			c.out = spec.Stdout
			return c, nil
		}
	}
	return nil, &spawn.GoneError{Exit: spawn.Exit{Code: -1}}
}

func program(name string, priority int) *config.Group {
	return group(name, priority, proc(name, name, priority))
}

func group(name string, priority int, list ...*config.Process) *config.Group {
	for _, p := range list {
		p.Group = name
	}
	return &config.Group{Name: name, Priority: priority, Processes: list}
}

func proc(group, name string, priority int) *config.Process {
	return &config.Process{
		Name: name, Group: group, Program: name, Priority: priority, Command: os.Args[0], Umask: -1,
		Autostart: true, Autorestart: config.RestartUnexpected, StartSecs: 1, StartRetries: 3,
		ExitCodes: []int{0}, StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
	}
}

func configOf(groups ...*config.Group) *config.Config {
	return &config.Config{Supervisord: config.Supervisord{Identifier: "id"}, Groups: groups}
}

// pool is a group of one listener; its name begins with "listener".
func pool(name string, types ...string) *config.Group {
	g := program(name, -1)
	g.Kind, g.BufferSize, g.Events = config.EventListener, 100, types
	return g
}

// withDaemon runs a test in a synctest bubble, with a supervisor that has just started.
func withDaemon(t *testing.T, conf *config.Config, test func(*testing.T, *testDaemon)) {
	t.Helper()
	withDaemonOptions(t, conf, func(*testDaemon, *supervisor.Options) {}, test)
}

// withDaemonOptions is withDaemon with options that set may change.
func withDaemonOptions(t *testing.T, conf *config.Config, set func(*testDaemon, *supervisor.Options), test func(*testing.T, *testDaemon)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &testDaemon{
			children:      make(map[string]*child),
			stopDelay:     make(map[string]time.Duration),
			signalsDenied: make(map[string]bool),
			ended:         make(chan struct{}),
			loadConfig:    func() (*config.Config, error) { return conf, nil },
		}
		w.log.Level = slog.LevelInfo
		bus := &events.Bus{}
		bus.Subscribe([]events.Type{events.SupervisorStateChange, events.ProcessGroup}, func(e events.Event) {
			w.events = append(w.events, strings.TrimSpace(string(e.Type)+" "+e.Payload))
		})
		o := supervisor.Options{
			Config: conf, Spawner: w, Events: bus, Log: w.log.Logger(),
			Source: loaded.Source{Load: func() (*config.Config, error) { return w.loadConfig() }, Program: makeProgram},
			Hooks:  supervisor.Hooks{Started: func() { w.batches++ }},
		}
		set(w, &o)
		w.bus, w.Supervisor = bus, supervisor.New(o)
		ctx, cancel := context.WithCancel(t.Context())
		if err := w.Activate(ctx); err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(w.ended)
			w.mood = w.Run(ctx)
		}()
		synctest.Wait()
		test(t, w)
		cancel()
		<-w.ended
	})
}

func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *testDaemon) states() string {
	var all []string
	for _, i := range w.Infos() {
		all = append(all, i.Group+":"+i.Name+"="+i.StateName)
	}
	return strings.Join(all, " ")
}

func TestProgramsStartByPriority(t *testing.T) {
	quiet := proc("g", "quiet", 1)
	quiet.Autostart = false
	conf := configOf(program("a", 10), group("g", 20, proc("g", "z", 5), proc("g", "y", 3), proc("g", "x", 5), quiet), program("b", 30))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		if diff := cmp.Diff([]string{"a", "y", "z", "x", "b"}, w.spawned); diff != "" {
			t.Errorf("spawned (-want +got):\n%s", diff)
		}
		advance(2 * time.Second)
		want := "a:a=RUNNING b:b=RUNNING g:quiet=STOPPED g:x=RUNNING g:y=RUNNING g:z=RUNNING"
		if got := w.states(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestStartedIsCalledAfterEachBatch(t *testing.T) {
	conf := configOf(program("a", 1), program("b", 2))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		if w.batches != 1 {
			t.Errorf("%d batches at the start", w.batches)
		}
		w.loadConfig = func() (*config.Config, error) {
			return configOf(program("a", 1), program("b", 2), program("c", 3)), nil
		}
		if _, err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.AddGroup(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if w.batches != 2 {
			t.Errorf("%d batches after an update", w.batches)
		}
	})
}

func TestSuccessIsLoggedAfterBatchSpawned(t *testing.T) {
	a, b := program("a", 1), program("b", 2)
	a.Processes[0].StartSecs, b.Processes[0].StartSecs = 0, 0
	withDaemon(t, configOf(a, b), func(t *testing.T, w *testDaemon) {
		var got []string
		for _, line := range w.log.Lines() {
			got = append(got, strings.Fields(line)[0]+strings.Fields(line)[1])
		}
		if want := []string{"spawned:'a'", "spawned:'b'", "success:a", "success:b"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestShutdownStopsGroupsInReverse(t *testing.T) {
	conf := configOf(program("first", 1), group("mid", 50, proc("mid", "m1", 1), proc("mid", "m2", 2)), program("last", 900))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.stopDelay["last"] = 4 * time.Second
		begun := time.Now()
		w.Shutdown()
		<-w.ended
		if took := time.Since(begun); took != 4*time.Second {
			t.Errorf("took %s", took)
		}
		if w.mood != states.DaemonShutdown {
			t.Errorf("mood %s", w.mood)
		}
		var got []string
		for _, line := range w.log.Lines() {
			if strings.HasPrefix(line, "stopped:") || strings.HasPrefix(line, "waiting for") {
				got = append(got, line)
			}
		}
		want := []string{
			"waiting for first, m1, m2, last to die",
			"waiting for first, m1, m2, last to die",
			"stopped: last (exit status 0)",
			"stopped: m2 (terminated by SIGTERM)",
			"stopped: m1 (terminated by SIGTERM)",
			"stopped: first (terminated by SIGTERM)",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

// TestShutdownSignalsSamePriorityAtOnce: groups of one priority stop at the same time, and
// are logged one after another.
func TestShutdownSignalsSamePriorityAtOnce(t *testing.T) {
	conf := configOf(program("low", 1), program("a", 5), group("b", 5, proc("b", "b1", 1), proc("b", "b2", 2)), program("c", 5))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		for _, name := range []string{"low", "a", "b1", "c"} {
			w.stopDelay[name] = 4 * time.Second
		}
		begun := time.Now()
		w.Shutdown()
		<-w.ended
		if took := time.Since(begun); took != 8*time.Second {
			t.Errorf("took %s", took)
		}
		var got []string
		for _, line := range w.log.Lines() {
			if strings.HasPrefix(line, "stopped:") {
				got = append(got, line)
			}
		}
		want := []string{
			"stopped: c (exit status 0)",
			"stopped: b2 (terminated by SIGTERM)",
			"stopped: b1 (exit status 0)",
			"stopped: a (exit status 0)",
			"stopped: low (exit status 0)",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
	})
}

func TestNoSpawnDuringShutdown(t *testing.T) {
	conf := configOf(program("a", 1), program("z", 2))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.stopDelay["z"] = 5 * time.Second
		w.Shutdown()
		synctest.Wait()
		w.children["a"].end(spawn.Exit{Code: 1})
		_, err := w.StartProcess(t.Context(), "a", supervisor.Call{})
		if err == nil {
			t.Error("a start was accepted")
		}
		<-w.ended
		if len(w.spawned) != 2 {
			t.Errorf("spawned %v", w.spawned)
		}
	})
}

// TestNoSpawnAfterRefusedRemovalInShutdown: a refused removal allows starts again, but not
// during a shutdown.
func TestNoSpawnAfterRefusedRemovalInShutdown(t *testing.T) {
	conf := configOf(group("g", 1, proc("g", "dead", 1), proc("g", "alive", 2)), program("slow", 2))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(300 * time.Millisecond)
		w.children["dead"].end(spawn.Exit{Code: 1}) // BACKOFF
		synctest.Wait()
		w.stopDelay["slow"] = 5 * time.Second
		w.Shutdown()
		synctest.Wait()
		for _, err := range []error{w.RemoveGroup(t.Context(), "g"), w.RemoveProcess("g", "alive")} {
			if fmt.Sprint(err) != "SHUTDOWN_STATE" {
				t.Errorf("got %v", err)
			}
		}
		<-w.ended
		if len(w.spawned) != 3 {
			t.Errorf("spawned %v", w.spawned)
		}
	})
}

func TestRestartMood(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		if err := w.Restart(); err != nil {
			t.Fatal(err)
		}
		<-w.ended
		if w.mood != states.DaemonRestarting {
			t.Errorf("mood %s", w.mood)
		}
	})
}

func TestShutdownOverridesRestart(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		w.stopDelay["a"] = time.Second
		if err := w.Restart(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.Shutdown()
		<-w.ended
		if w.mood != states.DaemonShutdown {
			t.Errorf("mood %s", w.mood)
		}
	})
}

func TestRestartWithBadConfigIsRefused(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		w.loadConfig = func() (*config.Config, error) { return nil, errors.New("bad loglevel") }
		if err := w.Restart(); err == nil || err.Error() != "CANT_REREAD: bad loglevel" {
			t.Errorf("got %v", err)
		}
		advance(2 * time.Second)
		if got := w.states(); got != "a:a=RUNNING" || w.Mood() != states.DaemonRunning {
			t.Errorf("got %s, mood %s", got, w.Mood())
		}
	})
}

func TestReloadAddRemove(t *testing.T) {
	conf := configOf(program("gone", 1), program("same", 1), program("other", 1))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		other := program("other", 1)
		other.Processes[0].StopWaitSecs = 77
		w.loadConfig = func() (*config.Config, error) {
			return configOf(program("fresh", 1), other, program("same", 1)), nil
		}
		for range 2 { // it changes nothing, so it returns the same again
			got, err := w.Reload(t.Context())
			want := api.Changes{Added: []string{"fresh"}, Changed: []string{"other"}, Removed: []string{"gone"}}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v, (-want +got):\n%s", err, diff)
			}
		}
		for _, tt := range []struct {
			what string
			err  error
			want string
		}{
			{"remove a running one", w.RemoveGroup(t.Context(), "gone"), "STILL_RUNNING: gone"},
			{"remove an unknown one", w.RemoveGroup(t.Context(), "nope"), "BAD_NAME: nope"},
			{"add an active one", w.AddGroup(t.Context(), "same"), "ALREADY_ADDED: same"},
			{"add an unknown one", w.AddGroup(t.Context(), "gone"), "BAD_NAME: gone"},
			{"add a fresh one", w.AddGroup(t.Context(), "fresh"), "<nil>"},
		} {
			if got := fmt.Sprint(tt.err); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
			}
		}
		if _, err := w.StopProcess(t.Context(), "gone", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if err := w.RemoveGroup(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		advance(2 * time.Second)
		if got, want := w.states(), "fresh:fresh=RUNNING other:other=RUNNING same:same=RUNNING"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestRefusedRemovalChangesNothing(t *testing.T) {
	conf := configOf(group("g", 1, proc("g", "dead", 1), proc("g", "alive", 2)))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(300 * time.Millisecond)
		w.children["dead"].end(spawn.Exit{Code: 1}) // BACKOFF
		synctest.Wait()
		if err := w.RemoveGroup(t.Context(), "g"); err == nil {
			t.Fatal("removed a running group")
		}
		advance(5 * time.Second)
		if got, want := w.states(), "g:alive=RUNNING g:dead=RUNNING"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestResultsComeInOrderOfCompletion(t *testing.T) {
	conf := configOf(group("g", 1, proc("g", "slow", 1), proc("g", "quick", 2), proc("g", "middle", 3)))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.stopDelay["slow"], w.stopDelay["middle"] = 3*time.Second, 2*time.Second
		w.stopDelay["quick"] = time.Second
		results, err := w.StopProcess(t.Context(), "g:*", supervisor.Call{Wait: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range results {
			got = append(got, fmt.Sprintf("%s %s %d %s", r.Group, r.Name, r.Status, r.Description))
		}
		want := []string{"g quick 80 OK", "g middle 80 OK", "g slow 80 OK"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		again, err := w.StopAll(t.Context(), supervisor.Call{Wait: true})
		if err != nil || len(again) != 0 {
			t.Errorf("a second stop returned %v, %v", again, err)
		}
	})
}

func TestSimultaneousResultsComeInCallOrder(t *testing.T) {
	conf := configOf(group("g", 1, proc("g", "a", 1), proc("g", "b", 2), proc("g", "c", 3)))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.stopDelay["a"], w.stopDelay["b"], w.stopDelay["c"] = 60*time.Millisecond, 20*time.Millisecond, time.Second
		results, err := w.StopGroup(t.Context(), "g", supervisor.Call{Wait: true})
		if err != nil {
			t.Fatal(err)
		}
		if names := results[0].Name + results[1].Name + results[2].Name; names != "abc" {
			t.Errorf("got %s", names)
		}
	})
}

func TestAutoLogsKeptUntilReload(t *testing.T) {
	dir := t.TempDir()
	fresh := func() *config.Config {
		c := configOf(program("a", 1))
		c.Supervisord.ChildLogDir = dir
		c.Groups[0].Processes[0].Stdout = config.Log{Auto: true}
		return c
	}
	withDaemon(t, fresh(), func(t *testing.T, w *testDaemon) {
		logOf := func() string { return w.Infos()[0].StdoutLogfile }
		again := func() {
			t.Helper()
			if _, err := w.StopAll(t.Context(), supervisor.Call{Wait: true}); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.RemoveGroup(t.Context(), "a"), w.AddGroup(t.Context(), "a")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // until it has started
		}
		first := logOf()
		if shown := w.ConfigInfos()[0].StdoutLogfile; shown != first || !strings.HasPrefix(first, dir) {
			t.Errorf("log %q, shown as %q", first, shown)
		}
		again()
		if logOf() != first {
			t.Errorf("another log, %q, after %q", logOf(), first)
		}
		w.loadConfig = func() (*config.Config, error) { return fresh(), nil }
		if _, err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if shown := w.ConfigInfos()[0].StdoutLogfile; shown != "auto" {
			t.Errorf("read again and not used, but shown as %q", shown)
		}
		again()
		if logOf() == first {
			t.Error("the log of the old configuration")
		}
	})
}

func TestRefusedCalls(t *testing.T) {
	broken := program("broken", 1)
	broken.Processes[0].Command, broken.Processes[0].Autostart = "/no/such/file", false
	withDaemon(t, configOf(program("a", 1), broken), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		ctx := t.Context()
		for _, tt := range []struct {
			what string
			call func() error
			want string
		}{
			{"start what runs", func() error { _, err := w.StartProcess(ctx, "a:a", supervisor.Call{Wait: true}); return err }, "ALREADY_STARTED: a:a"},
			{"start nothing", func() error { _, err := w.StartProcess(ctx, "nope", supervisor.Call{Wait: true}); return err }, "BAD_NAME: nope"},
			{"start a wrong member", func() error { _, err := w.StartProcess(ctx, "a:b", supervisor.Call{Wait: true}); return err }, "BAD_NAME: a:b"},
			{"start without a file", func() error { _, err := w.StartProcess(ctx, "broken", supervisor.Call{Wait: true}); return err }, "NO_FILE: can't find command '/no/such/file'"},
			{"start no group", func() error { _, err := w.StartGroup(ctx, "nope", supervisor.Call{Wait: true}); return err }, "BAD_NAME: nope"},
			{"stop what is stopped", func() error { _, err := w.StopProcess(ctx, "broken", supervisor.Call{Wait: true}); return err }, "NOT_RUNNING: broken"},
			{"no signal", func() error { _, err := w.SignalProcess(ctx, "a", "BOGUS"); return err }, "BAD_SIGNAL: BOGUS"},
			{"info of a group", func() error { _, err := w.Info("a:*"); return err }, "BAD_NAME: a:*"},
			{"stdin of a group", func() error { return w.SendStdin(ctx, "a:*", "x") }, "BAD_NAME: a:*"},
			{"clear nothing", func() error { return w.Logs().ClearLogs(ctx, "nope") }, "BAD_NAME: nope"},
		} {
			if got := fmt.Sprint(tt.call()); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.what, got, tt.want)
			}
		}
		results, err := w.SignalAll(ctx, "BOGUS")
		want := []api.CallResult{{Name: "a", Group: "a", Status: int(faults.BadSignal), Description: "BAD_SIGNAL: BOGUS"}}
		if diff := cmp.Diff(want, results); diff != "" || err != nil {
			t.Errorf("signal all: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestGroupEvents(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		if _, err := w.StopAll(t.Context(), supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if err := w.RemoveGroup(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		w.Shutdown()
		<-w.ended
		want := []string{
			"PROCESS_GROUP_ADDED groupname:a", "SUPERVISOR_STATE_CHANGE_RUNNING",
			"PROCESS_GROUP_REMOVED groupname:a", "SUPERVISOR_STATE_CHANGE_STOPPING",
		}
		if diff := cmp.Diff(want, w.events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestDescriptions(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		description := func() string {
			i, err := w.Info("a")
			if err != nil {
				t.Fatal(err)
			}
			return i.Description
		}
		if got := description(); got != "" {
			t.Errorf("starting: %q", got)
		}
		for _, tt := range []struct {
			wait time.Duration
			want string
		}{
			{5 * time.Second, "pid 101, uptime 0:00:05"},
			{2*time.Hour - 5*time.Second, "pid 101, uptime 2:00:00"},
			{24*time.Hour + 3*time.Second, "pid 101, uptime 1 day, 2:00:03"},
			{48 * time.Hour, "pid 101, uptime 3 days, 2:00:03"},
		} {
			advance(tt.wait)
			if got := description(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		}
		if _, err := w.StopProcess(t.Context(), "a", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if got, want := description(), time.Now().Local().Format("Jan 02 03:04 PM"); got != want {
			t.Errorf("stopped: %q, want %q", got, want)
		}
	})
}

func TestConfigInfos(t *testing.T) {
	uid := 12
	p := proc("g", "b", 3)
	p.UID, p.Directory, p.Autorestart = &uid, "/d", config.RestartAlways
	p.Stdout, p.Stderr = config.Log{File: "/o.log"}, config.Log{Auto: true}
	waiting := program("a", 4)
	waiting.Processes[0].Autorestart = config.RestartNever
	withDaemon(t, configOf(), func(t *testing.T, w *testDaemon) {
		w.loadConfig = func() (*config.Config, error) { return configOf(group("g", 2, p), waiting), nil }
		if _, err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		infos := w.ConfigInfos()
		if len(infos) != 2 || infos[0].Name != "a" || infos[1].Name != "b" {
			t.Fatalf("got %v", infos)
		}
		a, b := infos[0], infos[1]
		if a.Autorestart != false || a.Directory != "none" || a.UID != "none" || a.StdoutLogfile != "none" || a.InUse {
			t.Errorf("unset values: %+v", a)
		}
		if b.Autorestart != true || b.Directory != "/d" || b.UID != 12 || b.StdoutLogfile != "/o.log" ||
			b.StderrLogfile != "auto" || b.GroupPriority != 2 || b.ProcessPriority != 3 {
			t.Errorf("set values: %+v", b)
		}
	})
}

func TestInfosAreOrdered(t *testing.T) {
	conf := configOf(program("b", 1), group("a", 2, proc("a", "p2", 1), proc("a", "p10", 1)), program("B", 3))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		var got []string
		for _, i := range w.Infos() {
			got = append(got, i.Group+":"+i.Name)
		}
		if want := []string{"B:B", "a:p10", "a:p2", "b:b"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}
