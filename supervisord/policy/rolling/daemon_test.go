package rolling_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/load"
	"supervisor/supervisord/config/section"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/events"
	"supervisor/supervisord/policy/rolling"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/hook"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/supervisor/loaded"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testDaemon is a supervisor with operations in a synctest bubble. Its configuration is
// a real file, its children are fakes.
type testDaemon struct {
	*supervisor.Supervisor
	t            *testing.T
	operations   *rolling.Operations
	path         string
	log          testkit.Log
	bus          events.Bus
	stopRun      func() // ends the daemon without stopping programs
	startUpgrade func() // so that followers get an answer

	mu          sync.Mutex
	children    map[string]*child // the last of each name
	alive       map[string]int    // how many of each group:name
	spawned     []string
	exitsAtOnce func(name, command string) bool // whether a child ends at once
	stopDelay   map[string]time.Duration        // time from the stop signal to the exit
	running     int                             // now
	minRunning  int                             // the fewest that were RUNNING since resetCounts
	maxRunning  int
	scaled      []config.Scale // as recorded
	hooksDone   int            // that have exited
	fatals      []string       // processes that were FATAL, and whether provisional
}

// hookTime is how long each hook takes.
const hookTime = 5 * time.Second

// child is a fake child.
type child struct {
	w        *testDaemon
	name     string
	fullName string // with its group
	pid      int
	exits    chan spawn.Exit
	once     sync.Once

	signalErr error // what a signal returns, guarded by testDaemon.mu
}

func (c *child) Pid() int                        { return c.pid }
func (c *child) Identity() spawn.ProcessIdentity { return spawn.ProcessIdentity{} }
func (c *child) HandOver() (spawn.ChildState, [3]int, error) {
	return spawn.ChildState{}, [3]int{-1, -1, -1}, nil
}
func (c *child) DaemonisedPID() int        { return 0 }
func (c *child) Exited() <-chan spawn.Exit { return c.exits }
func (c *child) Write([]byte) error        { return nil }

func (c *child) Signal(sig syscall.Signal, _ bool) error {
	c.w.mu.Lock()
	delay, signalErr := c.w.stopDelay[c.name], c.signalErr
	c.w.mu.Unlock()
	if signalErr != nil {
		return signalErr
	}
	if sig == syscall.SIGKILL || delay == 0 {
		c.exit(spawn.Exit{Code: -1, Signal: sig})
		return nil
	}
	time.AfterFunc(delay, func() { c.exit(spawn.Exit{}) })
	return nil
}

func (c *child) exit(e spawn.Exit) {
	c.once.Do(func() {
		c.w.mu.Lock()
		c.w.alive[c.fullName]--
		c.w.mu.Unlock()
		c.exits <- e
	})
}

// Spawn implements process.Spawner.
func (w *testDaemon) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name, group := "", ""
	for _, kv := range spec.Env {
		if v, ok := strings.CutPrefix(kv, "SUPERVISOR_PROCESS_NAME="); ok {
			name = v
		} else if v, ok := strings.CutPrefix(kv, "SUPERVISOR_GROUP_NAME="); ok {
			group = v
		} else if strings.HasPrefix(kv, hook.Var+"=") { // a hook, which takes a while
			c := &child{w: w, pid: 1, exits: make(chan spawn.Exit, 1)}
			time.AfterFunc(hookTime, func() { w.mu.Lock(); w.hooksDone++; w.mu.Unlock(); c.exits <- spawn.Exit{} })
			return c, nil
		}
	}
	w.spawned = append(w.spawned, name)
	fullName := group + ":" + name
	w.alive[fullName]++
	if w.alive[fullName] > 1 {
		w.t.Errorf("there are %d of %s", w.alive[fullName], fullName)
	}
	c := &child{w: w, name: name, fullName: fullName, pid: 100 + len(w.spawned), exits: make(chan spawn.Exit, 1)}
	w.children[name] = c
	if w.exitsAtOnce != nil && w.exitsAtOnce(name, strings.Join(spec.Args, " ")) {
		time.AfterFunc(time.Millisecond, func() { c.exit(spawn.Exit{Code: 1}) })
	}
	return c, nil
}

// Adopt implements process.Spawner.
func (w *testDaemon) Adopt(*spawn.Orphan, *spawn.Spec) (spawn.Child, error) {
	return nil, &spawn.GoneError{Exit: spawn.Exit{Code: -1}}
}

// changed counts the RUNNING processes. It counts under the lock, so that no older
// count overwrites a newer one.
func (w *testDaemon) changed(p *process.Process) {
	if p.Status().State == states.Fatal {
		w.recordFatal(p.Config.Name, w.operations.IsProvisional(p))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, i := range w.Infos() {
		if i.State == states.Running {
			n++
		}
	}
	w.running, w.minRunning, w.maxRunning = n, min(w.minRunning, n), max(w.maxRunning, n)
}

func (w *testDaemon) recordFatal(name string, provisional bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fatals = append(w.fatals, fmt.Sprintf("%s %v", name, provisional))
}

// writeConfig writes the configuration file.
func (w *testDaemon) writeConfig(text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path, []byte("[supervisord]\n"+text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *testDaemon) load(scales []config.Scale) (*config.Config, error) {
	return load.Config(load.Options{Input: section.Input{Path: w.path, Host: source.ThisHost()}, Scales: scales})
}

// withDaemon runs a test with a daemon that has started all programs of a file.
func withDaemon(t *testing.T, text string, test func(*testDaemon), scales ...config.Scale) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &testDaemon{
			t: t, path: filepath.Join(dir, "supervisord.conf"),
			children: make(map[string]*child), alive: make(map[string]int), stopDelay: make(map[string]time.Duration),
		}
		w.writeConfig(text)
		conf, err := w.load(scales)
		if err != nil {
			t.Fatal(err)
		}
		w.log.Level = slog.LevelInfo
		w.Supervisor = supervisor.New(supervisor.Options{
			Config: conf, Spawner: w, Events: &w.bus, Log: w.log.Logger(),
			Source: loaded.Source{Load: func() (*config.Config, error) { return w.load(nil) }, LoadScaled: w.load, Scales: scales},
			Hooks: supervisor.Hooks{
				Scaled:  func(sc config.Scale) { w.mu.Lock(); defer w.mu.Unlock(); w.scaled = append(w.scaled, sc) },
				Changed: w.changed,
				Upgrade: func(context.Context, string, *source.Snapshot) error { return nil },
			},
		})
		upgradeStarted := make(chan struct{})
		w.startUpgrade = sync.OnceFunc(func() { close(upgradeStarted) })
		w.operations = rolling.New(rolling.Options{Supervisor: w.Supervisor, Log: w.log.Logger(), UpgradeStarted: upgradeStarted})
		w.Explain(w.operations.Explain)
		ctx, cancel := context.WithCancel(t.Context())
		w.stopRun = cancel
		if err := w.Activate(ctx); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() { w.Run(ctx) })
		all.Go(func() { w.operations.Run(ctx) })
		advance(3 * time.Second)
		test(w)
		cancel()
		all.Wait()
	})
}

func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// resetCounts resets the counts of spawned and RUNNING processes.
func (w *testDaemon) resetCounts() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spawned, w.minRunning, w.maxRunning = nil, w.running, w.running
}

// finish follows an operation to its end and returns its lines.
func (w *testDaemon) finish(id string, err error) string {
	w.t.Helper()
	if err != nil {
		return "refused: " + err.Error()
	}
	var lines []string
	for next := 0; ; {
		op, err := w.operations.Follow(w.t.Context(), id, next)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, l := range op.Lines {
			lines = append(lines, l.String())
		}
		next = op.Next
		if op.Ended {
			synctest.Wait()
			if failed := strings.Contains(strings.Join(lines, "\n"), "ERROR"); failed != op.Failed {
				w.t.Errorf("it has failed: %v, but says %q", op.Failed, lines)
			}
			return strings.Join(lines, "; ")
		}
	}
}

// check compares the result of an operation.
func (w *testDaemon) check(what, got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// pids returns the processes with their pids and states, those RUNNING without.
func (w *testDaemon) pids() string {
	var all []string
	for _, i := range w.Infos() {
		text := fmt.Sprintf("%s=%d", i.Name, i.PID)
		if i.State != states.Running {
			text += " " + i.StateName
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// reread reads the file as reloadConfig does.
func (w *testDaemon) reread() {
	w.t.Helper()
	if _, err := w.Reload(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

const web = `[program:web]
command=/bin/sh good
process_name=%(program_name)s_%(process_num)d
numprocs=4
`
