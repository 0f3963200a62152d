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

// sleepIgnoringSignals is a command that ignores every signal that it can. It ends by itself
// in the end, should the test not see to it.
const sleepIgnoringSignals = `sh -c 'trap "" TERM QUIT HUP; sleep 600 & echo here; while :; do wait; sleep 600; done'`

// leftoverScripts are programs that leave somebody behind when they end: each says "here"
// when that one can't be ended by SIGTERM any more.
var leftoverScripts = map[string]string{
	"a child that ignores the signal": `trap "exit 0" TERM; ` + sleepIgnoringSignals + ` & wait`,
	"a child in a session of its own": `trap "exit 0" TERM; setsid ` + sleepIgnoringSignals + ` & wait`,
	"a grandchild whose parent ended": `trap "exit 0" TERM; (setsid ` + sleepIgnoringSignals + ` & exit 0); wait & wait; sleep 600 & wait`,
	"a child without environment":     `trap "exit 0" TERM; env -i setsid ` + sleepIgnoringSignals + ` & wait`,
	"a child that is suspended":       `trap "exit 0" TERM; sh -c 'trap "" TERM; echo here; kill -STOP $$; sleep 600' & wait`,
}

// spawnTree gives birth to a program with a scope, and waits until it has
// descendants. They are known from those of other tests by the name.
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
		awaitClosed(t, tree.Watch(true), "the end of all")
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

// assertStillOpen gives what is not to happen a moment to happen.
func assertStillOpen(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
		t.Error(what)
	case <-time.After(50 * time.Millisecond):
	}
}

// useSubreaper has orphans come to this process, during a test that is not parallel.
func useSubreaper(t *testing.T) {
	t.Helper()
	if err := spawner.SetSubreaper(true); err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	t.Cleanup(func() { _ = spawner.SetSubreaper(false) })
}

// TestWholeScopeIsKilled: those who don't obey are found wherever they
// have gone, waited for, and killed.
func TestWholeScopeIsKilled(t *testing.T) {
	useSubreaper(t)
	for _, scope := range []descendants.Scope{descendants.ScopeTree, descendants.ScopeCgroup} {
		for what, script := range leftoverScripts {
			t.Run(fmt.Sprintf("%d/%s", scope, what), func(t *testing.T) {
				t.Parallel()
				f, tree := spawnTree(t, scope, script)
				if scope == descendants.ScopeCgroup && tree.Cgroup() == "" {
					t.Skip("NOT TESTED: there can be no control groups here")
				}
				if err := tree.Signal(syscall.SIGTERM, false); err != nil {
					t.Fatal(err)
				}
				done := tree.Watch(false)
				awaitExit(t, f)
				left := tree.Remaining()
				if len(left) == 0 || !left[0].InScope || !strings.HasPrefix(left[0].Command, "s") {
					t.Fatalf("left are %+v", left)
				}
				assertStillOpen(t, done, "nobody is said to be left")
				if err := tree.Signal(syscall.SIGKILL, false); err != nil {
					t.Error(err)
				}
				awaitClosed(t, done, "the end of the last one")
				if left := tree.Remaining(); len(left) > 0 {
					t.Errorf("left are %+v", left)
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

func awaitExit(t *testing.T, f testChild) spawn.Exit {
	t.Helper()
	select {
	case e := <-f.Exited():
		return e
	case <-time.After(testkit.Timeout):
		t.Fatal("the child does not end")
		return spawn.Exit{}
	}
}

// TestScopeGroupIsItsMembers: who has gone out of the process group is known, but
// not of the scope.
func TestScopeGroupIsItsMembers(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeGroup, `trap "exit 0" TERM; `+sleepIgnoringSignals+` & setsid `+sleepIgnoringSignals+` & wait`)
	for strings.Count(f.out.String(), "here") < 2 {
		<-f.out.changed
	}
	if err := tree.Signal(syscall.SIGTERM, false); err != nil {
		t.Fatal(err)
	}
	awaitExit(t, f)
	done, all := tree.Watch(false), tree.Watch(true)
	left := tree.Remaining()
	if !slices.ContainsFunc(left, func(r descendants.Process) bool { return r.InScope }) ||
		!slices.ContainsFunc(left, func(r descendants.Process) bool { return !r.InScope }) {
		t.Fatalf("left are %+v", left)
	}
	if err := tree.Signal(syscall.SIGKILL, false); err != nil {
		t.Error(err)
	}
	awaitClosed(t, done, "the end of the group")
	assertStillOpen(t, all, "nobody is said to be left")
	if err := tree.Signal(syscall.SIGKILL, true); err != nil {
		t.Error(err)
	}
	awaitClosed(t, all, "the end of the last one")
}

// TestForkingDescendantsAreKilled: killing goes on until nobody new is found.
func TestForkingDescendantsAreKilled(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeTree, `trap "exit 0" TERM; sh -c 'trap "" TERM; echo here; while :; do sleep 0.01; done' & wait`)
	_ = tree.Signal(syscall.SIGTERM, false)
	awaitExit(t, f)
	done := tree.Watch(false)
	_ = tree.Signal(syscall.SIGKILL, false)
	awaitClosed(t, done, "the end of the last one")
}

// TestForeignProcessIsNotSignalled: a process that is no descendant is never meant.
func TestForeignProcessIsNotSignalled(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeTree, `trap "exit 0" TERM; `+sleepIgnoringSignals+` & wait`)
	foreign := exec.Command("setsid", "sleep", "600")
	foreign.Env = append(os.Environ(), "SUPERVISOR_PROCESS_NAME=another")
	if err := foreign.Start(); err != nil {
		t.Fatal(err)
	}
	_ = tree.Signal(syscall.SIGTERM, true)
	awaitExit(t, f)
	done := tree.Watch(true)
	_ = tree.Signal(syscall.SIGKILL, true)
	awaitClosed(t, done, "the end of the relatives")
	if procfs.StartTime(foreign.Process.Pid) == 0 {
		t.Error("the stranger has ended")
	}
	if err := foreign.Process.Kill(); err != nil {
		t.Error(err)
	}
}

// TestDescendantsOfChildExitedUnseen are found by their environment.
func TestDescendantsOfChildExitedUnseen(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeTree, `trap "exit 0" TERM; setsid `+sleepIgnoringSignals+` & wait`)
	_ = f.Signal(syscall.SIGTERM, false)
	awaitExit(t, f)
	name := "SUPERVISOR_PROCESS_NAME=" + t.Name()
	found := spawner.ProcessTreeOf(&spawn.Orphan{PID: f.Pid()}, &spawn.Spec{Scope: descendants.ScopeTree, Markers: []string{name}})
	defer found.Release()
	if left := found.Remaining(); len(left) == 0 || !left[0].InScope {
		t.Fatalf("left are %+v", left)
	}
	done := found.Watch(false)
	_ = found.Signal(syscall.SIGKILL, false)
	awaitClosed(t, done, "the end of the relatives")
	awaitClosed(t, tree.Watch(false), "the same, by another hand")
}

// TestCgroupFoundByNextDaemon: a later daemon finds the group by its path.
func TestCgroupFoundByNextDaemon(t *testing.T) {
	useSubreaper(t)
	f, tree := spawnTree(t, descendants.ScopeCgroup, `trap "exit 0" TERM; env -i setsid `+sleepIgnoringSignals+` & wait`)
	if tree.Cgroup() == "" {
		t.Skip("NOT TESTED: there can be no control groups here")
	}
	if base := filepath.Base(tree.Cgroup()); !strings.HasPrefix(base, fmt.Sprintf("supervisord-%d-", os.Getpid())) {
		t.Errorf("its name is %s", base)
	}
	_ = f.Signal(syscall.SIGTERM, false)
	awaitExit(t, f)
	again := spawner.ProcessTreeOf(&spawn.Orphan{PID: f.Pid(), Cgroup: tree.Cgroup()}, &spawn.Spec{Scope: descendants.ScopeCgroup, Markers: []string{"nobody"}})
	if again.Cgroup() != tree.Cgroup() || len(again.Remaining()) == 0 {
		t.Fatalf("it is %q with %+v", again.Cgroup(), again.Remaining())
	}
	done := again.Watch(false)
	_ = again.Signal(syscall.SIGKILL, false)
	awaitClosed(t, done, "the end of the last one")
}
