package process

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/descendants"
	"supervisor/supervisord/system/boottime"
)

// fakeTree is the descendants of a fakeChild. It is used by the goroutine of the
// process, or while that is blocked.
type fakeTree struct {
	child     *fakeChild
	remaining []descendants.Process
	watch     chan struct{}
	got       []string
	released  bool
}

func (k *fakeTree) Signal(sig syscall.Signal, all bool) error {
	k.got = append(k.got, fmt.Sprintf("%s %v", signals.Name(sig), all))
	err := k.child.Signal(sig, false)
	if sig == syscall.SIGKILL && len(k.remaining) > 0 {
		k.end()
		err = nil
	}
	return err
}

// end makes all descendants exit.
func (k *fakeTree) end() {
	k.remaining = nil
	if k.watch != nil {
		close(k.watch)
		k.watch = nil
	}
}

func (k *fakeTree) Remaining() []descendants.Process { return k.remaining }
func (k *fakeTree) Cgroup() string                   { return "" }
func (k *fakeTree) Release()                         { k.released = true }
func (k *fakeTree) Watch(bool) <-chan struct{} {
	watch := make(chan struct{})
	if len(k.remaining) == 0 {
		close(watch)
		return watch
	}
	k.watch = watch
	return watch
}

// childWithTree is a fakeChild with descendants.
type childWithTree struct {
	*fakeChild
	tree *fakeTree
}

func (r childWithTree) ProcessTree() spawn.ProcessTree { return r.tree }

// treeSpawner spawns children that leave a descendant behind.
type treeSpawner struct {
	*testProcess
	tree *fakeTree
}

func (c *treeSpawner) Spawn(s *spawn.Spec) (spawn.Child, error) {
	child, err := c.testProcess.Spawn(s)
	if err != nil {
		return nil, err
	}
	c.tree = &fakeTree{child: child.(*fakeChild), remaining: []descendants.Process{{PID: 7, InScope: s.Scope >= descendants.ScopeGroup, Command: "worker"}}}
	return childWithTree{c.tree.child, c.tree}, nil
}

func withTree(t *testing.T, change func(*config.Process), test func(*testing.T, *treeSpawner)) {
	t.Helper()
	withProcess(t, change, func(t *testing.T, tp *testProcess) {
		c := &treeSpawner{testProcess: tp}
		tp.opts.Spawner = c
		test(t, c)
	})
}

func stopTreeInSteps(c *config.Process) {
	c.Stop = config.StopPolicy{Scope: config.ScopeTree, Sequence: []config.StopStep{
		{Signal: syscall.SIGQUIT, Wait: 20 * time.Second}, {Signal: syscall.SIGTERM, Wait: 10 * time.Second}, {Signal: syscall.SIGKILL},
	}}
}

// TestStopTimeoutIncludesDescendants: the exit of the child does not end the stop, and
// does not start its time over.
func TestStopTimeoutIncludesDescendants(t *testing.T) {
	withTree(t, stopTreeInSteps, func(t *testing.T, c *treeSpawner) {
		c.start(t)
		started := time.Now()
		if err := c.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took != 30*time.Second {
			t.Errorf("it took %s", took)
		}
		if diff := cmp.Diff([]string{"SIGQUIT false", "SIGTERM false", "SIGKILL false"}, c.tree.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
		if !c.tree.released {
			t.Error("the process tree is not released")
		}
		c.expectState(t, states.Stopped)
	})
}

func TestStopWaitsForDescendants(t *testing.T) {
	withTree(t, stopTreeInSteps, func(t *testing.T, c *treeSpawner) {
		c.start(t)
		a := c.Stop("p", true)
		sleep(3 * time.Second)
		c.expectState(t, states.Stopping)
		if pid := c.Status().PID; pid != c.child.pid {
			t.Errorf("pid %d", pid)
		}
		if err := c.Signal("p", syscall.SIGHUP); err != nil {
			t.Errorf("signal to a child that has exited: %v", err)
		}
		c.tree.end()
		sleep(time.Millisecond)
		if err := a.Wait(t.Context()); err != nil || c.Status().Ended.Add(3*time.Second).After(time.Now()) {
			t.Errorf("%v; it ended at %s", err, c.Status().Ended)
		}
	})
}

func TestKillSendsOnlySIGKILL(t *testing.T) {
	withTree(t, stopTreeInSteps, func(t *testing.T, c *treeSpawner) {
		c.start(t)
		if err := c.Kill("", "p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"SIGKILL false"}, c.tree.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}

func TestLeftoversReportedOnlyIfConfigured(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*config.Process)
		left   string
		got    []string
	}{
		"default": {func(*config.Process) {}, "", nil},
		"report":  {func(c *config.Process) { c.Stop.LeftoversSet = true }, "pid 7 (worker)", nil},
		"kill":    {func(c *config.Process) { c.Stop.LeftoversSet, c.Stop.Leftovers = true, config.LeftoversKill }, "", []string{"SIGKILL true"}},
	} {
		t.Run(name, func(t *testing.T) {
			withTree(t, tt.change, func(t *testing.T, c *treeSpawner) {
				c.start(t)
				if err := c.Stop("p", true).Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := c.Status().Leftovers; got != tt.left {
					t.Errorf("left behind: %q", got)
				}
				if logged := strings.Contains(c.log.String(), "left behind by p: pid 7 (worker)"); logged != (tt.left != "") {
					t.Errorf("log:\n%s", c.log.String())
				}
				if diff := cmp.Diff(tt.got, c.tree.got); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestScopeIsKilledAfterCrash: the descendants of a child that has exited are killed
// before the next child is spawned.
func TestScopeIsKilledAfterCrash(t *testing.T) {
	withTree(t, stopTreeInSteps, func(t *testing.T, c *treeSpawner) {
		c.start(t)
		sleep(time.Minute)
		old := c.tree
		c.child.exit(2)
		c.expectState(t, states.Exited)
		sleep(time.Second)
		c.expectState(t, states.Starting)
		if diff := cmp.Diff([]string{"SIGKILL false"}, old.got); diff != "" || !old.released {
			t.Errorf("released %v, signals (-want +got):\n%s", old.released, diff)
		}
	})
}

// TestStopAfterLeaderExitSurvivesDaemonRestart: the descendants have what is left of the
// time.
func TestStopAfterLeaderExitSurvivesDaemonRestart(t *testing.T) {
	withTree(t, stopTreeInSteps, func(t *testing.T, c *treeSpawner) {
		tree := &fakeTree{child: &fakeChild{signalErr: syscall.ESRCH}, remaining: []descendants.Process{{PID: 7, InScope: true, Command: "worker"}}}
		c.opts.Spawner = treeFinder{c, tree}
		saved := machine.Status{
			State: states.Stopping, Deadline: boottime.At(time.Now().Add(4 * time.Second)), Reason: "being stopped by an operator",
			ChildStatus:  machine.ChildStatus{PID: 9},
			StopProgress: machine.StopProgress{LeaderExited: true, StopStep: 1},
		}
		c.Process.Adopt(&Saved{State: State{Status: saved}})
		sleep(3 * time.Second)
		c.expectState(t, states.Stopping)
		sleep(time.Second)
		c.expectState(t, states.Stopped)
		if diff := cmp.Diff([]string{"SIGKILL false"}, tree.got); diff != "" || c.Status().Reason != "stopped by an operator" {
			t.Errorf("reason %q, signals (-want +got):\n%s", c.Status().Reason, diff)
		}
	})
}

// treeFinder finds the descendants of a child that has exited.
type treeFinder struct {
	*treeSpawner
	tree *fakeTree
}

func (h treeFinder) ProcessTreeOf(*spawn.Orphan, *spawn.Spec) spawn.ProcessTree { return h.tree }
