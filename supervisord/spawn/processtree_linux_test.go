package spawn_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/descendants"
	"supervisor/supervisord/system/procfs"
	"supervisor/supervisord/tools/testkit"
)

// sleepIgnoringSignals is a command that ignores every signal that it can. It exits by
// itself after a while, in case the test does not kill it.
const sleepIgnoringSignals = `sh -c 'trap "" TERM QUIT HUP; sleep 600 & echo here; while :; do wait; sleep 600; done'`

// leftoverScripts are programs that leave a process behind when they exit. Each writes
// "here" once SIGTERM does not end that process any more.
var leftoverScripts = map[string]string{
	"a child that ignores the signal": `trap "exit 0" TERM; ` + sleepIgnoringSignals + ` & wait`,
	"a child in a session of its own": `trap "exit 0" TERM; setsid ` + sleepIgnoringSignals + ` & wait`,
	"a grandchild whose parent ended": `trap "exit 0" TERM; (setsid ` + sleepIgnoringSignals + ` & exit 0); wait & wait; sleep 600 & wait`,
	"a child without environment":     `trap "exit 0" TERM; env -i setsid ` + sleepIgnoringSignals + ` & wait`,
	"a child that is suspended":       `trap "exit 0" TERM; sh -c 'trap "" TERM; echo here; kill -STOP $$; sleep 600' & wait`,
}

// spawnTree spawns a program with a scope, and waits until it has descendants. Their markers
// tell them apart from those of other tests.
func spawnTree(t *testing.T, scope descendants.Scope, script string) (testChild, spawn.ProcessTree) {
	t.Helper()
	name := "SUPERVISOR_PROCESS_NAME=" + strings.ReplaceAll(t.Name(), "/", "-")
	f := spawnChild(t, func(s *spawn.Spec) {
		s.Path, s.Args = "/bin/sh", []string{"sh", "-c", script}
		s.Env = append(os.Environ(), name)
		s.Markers, s.Scope, s.Label = []string{name}, scope, "test"
	})
	tree := f.Child.(spawn.TreeOwner).ProcessTree()
	t.Cleanup(func() {
		_ = tree.Signal(syscall.SIGKILL, true)
		awaitClosed(t, tree.Watch(true), "the exit of all")
		path := tree.Cgroup()
		tree.Release()
		if _, err := os.Stat(path); path != "" && err == nil {
			t.Errorf("%s is still there", path)
		}
	})
	f.out.await(t, "here")
	return f, tree
}

func awaitClosed(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(testkit.Timeout):
		t.Fatal("waited for " + what)
	}
}

// assertStillOpen reports what as an error if the channel is closed within a moment.
func assertStillOpen(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
		t.Error(what)
	case <-time.After(50 * time.Millisecond):
	}
}

// useSubreaper makes this process a subreaper during a test, which must not be parallel.
func useSubreaper(t *testing.T) {
	t.Helper()
	if err := spawner.SetSubreaper(true); err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	t.Cleanup(func() { _ = spawner.SetSubreaper(false) })
}

// Processes that ignore the stop signal are found wherever they are, waited for, and killed.
func TestWholeScopeIsKilled(t *testing.T) {
	useSubreaper(t)
	for _, scope := range []descendants.Scope{descendants.ScopeTree, descendants.ScopeCgroup} {
		for what, script := range leftoverScripts {
			t.Run(fmt.Sprintf("%d/%s", scope, what), func(t *testing.T) {
				t.Parallel()
				f, tree := spawnTree(t, scope, script)
				if scope == descendants.ScopeCgroup && tree.Cgroup() == "" {
					t.Skip("NOT TESTED: no control groups here")
				}
				if err := tree.Signal(syscall.SIGTERM, false); err != nil {
					t.Fatal(err)
				}
				done := tree.Watch(false)
				f.awaitExit(t)
				left := tree.Remaining()
				if len(left) == 0 || !left[0].InScope || !strings.HasPrefix(left[0].Command, "s") {
					t.Fatalf("remaining: %+v", left)
				}
				assertStillOpen(t, done, "closed too early")
				if err := tree.Signal(syscall.SIGKILL, false); err != nil {
					t.Error(err)
				}
				awaitClosed(t, done, "the exit of the last process")
				if left := tree.Remaining(); len(left) > 0 {
					t.Errorf("remaining: %+v", left)
				}
				for _, r := range left {
					if procfs.StartTime(r.PID) != 0 {
						t.Errorf("%+v lives", r)
					}
				}
			})
		}
	}
}

// A descendant that has left the process group is tracked, but not in scope.
func TestScopeGroupIsItsMembers(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeGroup, `trap "exit 0" TERM; `+sleepIgnoringSignals+` & setsid `+sleepIgnoringSignals+` & wait`)
	for strings.Count(f.out.String(), "here") < 2 {
		<-f.out.changed
	}
	if err := tree.Signal(syscall.SIGTERM, false); err != nil {
		t.Fatal(err)
	}
	f.awaitExit(t)
	done, all := tree.Watch(false), tree.Watch(true)
	left := tree.Remaining()
	if !slices.ContainsFunc(left, func(r descendants.Process) bool { return r.InScope }) ||
		!slices.ContainsFunc(left, func(r descendants.Process) bool { return !r.InScope }) {
		t.Fatalf("remaining: %+v", left)
	}
	if err := tree.Signal(syscall.SIGKILL, false); err != nil {
		t.Error(err)
	}
	awaitClosed(t, done, "the exit of the group")
	assertStillOpen(t, all, "closed too early")
	if err := tree.Signal(syscall.SIGKILL, true); err != nil {
		t.Error(err)
	}
	awaitClosed(t, all, "the exit of the last process")
}

// Killing goes on until no new process is found.
func TestForkingDescendantsAreKilled(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeTree, `trap "exit 0" TERM; sh -c 'trap "" TERM; echo here; while :; do sleep 0.01; done' & wait`)
	_ = tree.Signal(syscall.SIGTERM, false)
	f.awaitExit(t)
	done := tree.Watch(false)
	_ = tree.Signal(syscall.SIGKILL, false)
	awaitClosed(t, done, "the exit of the last process")
}

// A process that is no descendant is not signalled.
func TestForeignProcessIsNotSignalled(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeTree, `trap "exit 0" TERM; `+sleepIgnoringSignals+` & wait`)
	foreign := exec.Command("setsid", "sleep", "600")
	foreign.Env = append(os.Environ(), "SUPERVISOR_PROCESS_NAME=another")
	if err := foreign.Start(); err != nil {
		t.Fatal(err)
	}
	_ = tree.Signal(syscall.SIGTERM, true)
	f.awaitExit(t)
	done := tree.Watch(true)
	_ = tree.Signal(syscall.SIGKILL, true)
	awaitClosed(t, done, "the exit of the descendants")
	if procfs.StartTime(foreign.Process.Pid) == 0 {
		t.Error("the other process has exited")
	}
	if err := foreign.Process.Kill(); err != nil {
		t.Error(err)
	}
}

// Descendants of a child that exited unseen are found by their environment.
func TestDescendantsOfChildExitedUnseen(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeTree, `trap "exit 0" TERM; setsid `+sleepIgnoringSignals+` & wait`)
	_ = f.Signal(syscall.SIGTERM, false)
	f.awaitExit(t)
	name := "SUPERVISOR_PROCESS_NAME=" + t.Name()
	found := spawner.ProcessTreeOf(&spawn.Orphan{PID: f.Pid()}, &spawn.Spec{Scope: descendants.ScopeTree, Markers: []string{name}})
	defer found.Release()
	if left := found.Remaining(); len(left) == 0 || !left[0].InScope {
		t.Fatalf("remaining: %+v", left)
	}
	done := found.Watch(false)
	_ = found.Signal(syscall.SIGKILL, false)
	awaitClosed(t, done, "the exit of the descendants")
	awaitClosed(t, tree.Watch(false), "the same, in the first tree")
}

// A later daemon finds the control group by its path.
func TestCgroupFoundByNextDaemon(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeCgroup, `trap "exit 0" TERM; env -i setsid `+sleepIgnoringSignals+` & wait`)
	if tree.Cgroup() == "" {
		t.Skip("NOT TESTED: no control groups here")
	}
	if base := filepath.Base(tree.Cgroup()); !strings.HasPrefix(base, fmt.Sprintf("supervisord-%d-", os.Getpid())) {
		t.Errorf("its name is %s", base)
	}
	_ = f.Signal(syscall.SIGTERM, false)
	f.awaitExit(t)
	again := spawner.ProcessTreeOf(&spawn.Orphan{PID: f.Pid(), ChildState: spawn.ChildState{Cgroup: tree.Cgroup()}}, &spawn.Spec{Scope: descendants.ScopeCgroup, Markers: []string{"none"}})
	if again.Cgroup() != tree.Cgroup() || len(again.Remaining()) == 0 {
		t.Fatalf("control group %q with %+v", again.Cgroup(), again.Remaining())
	}
	done := again.Watch(false)
	_ = again.Signal(syscall.SIGKILL, false)
	awaitClosed(t, done, "the exit of the last process")
}
