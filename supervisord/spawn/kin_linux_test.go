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
	"supervisor/supervisord/tools/testkit"
)

// sleeper is a command that ignores every signal that it can. It ends by itself
// in the end, should the test not see to it.
const sleeper = `sh -c 'trap "" TERM QUIT HUP; sleep 600 & echo here; while :; do wait; sleep 600; done'`

// clans are programs that leave somebody behind when they end: each says "here"
// when that one can't be ended by SIGTERM any more.
var clans = map[string]string{
	"a child that ignores the signal": `trap "exit 0" TERM; ` + sleeper + ` & wait`,
	"a child in a session of its own": `trap "exit 0" TERM; setsid ` + sleeper + ` & wait`,
	"a grandchild whose parent ended": `trap "exit 0" TERM; (setsid ` + sleeper + ` & exit 0); wait & wait; sleep 600 & wait`,
	"a child without environment":     `trap "exit 0" TERM; env -i setsid ` + sleeper + ` & wait`,
	"a child that is suspended":       `trap "exit 0" TERM; sh -c 'trap "" TERM; echo here; kill -STOP $$; sleep 600' & wait`,
}

// bearClan gives birth to a program with a scope, and waits until it has
// descendants. They are known from those of other tests by the name.
func bearClan(t *testing.T, scope spawn.Scope, script string) (family, spawn.Kin) {
	t.Helper()
	name := "SUPERVISOR_PROCESS_NAME=" + strings.ReplaceAll(t.Name(), "/", "-")
	f := bear(t, func(s *spawn.Spec) {
		s.Path, s.Args = "/bin/sh", []string{"sh", "-c", script}
		s.Env = append(os.Environ(), name)
		s.Family, s.Scope, s.Label = []string{name}, scope, "test"
	})
	kin := f.Child.(spawn.Related).Kin()
	t.Cleanup(func() {
		_ = kin.Signal(syscall.SIGKILL, true)
		awaitClosed(t, kin.Watch(true), "the end of all")
		path := kin.Cgroup()
		kin.Release()
		if _, err := os.Stat(path); path != "" && err == nil {
			t.Errorf("%s is still there", path)
		}
	})
	f.out.await(t, "here")
	return f, kin
}

func awaitClosed(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(testkit.Patience):
		t.Fatal("waited for " + what)
	}
}

// stillOpen gives what is not to happen a moment to happen.
func stillOpen(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
		t.Error(what)
	case <-time.After(50 * time.Millisecond):
	}
}

// inherit has orphans come to this process, during a test that is not parallel.
func inherit(t *testing.T) {
	t.Helper()
	if err := spawner.BeSubreaper(true); err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	t.Cleanup(func() { _ = spawner.BeSubreaper(false) })
}

// TestNobodyInsideTheScopeIsLeft: those who don't obey are found wherever they
// have gone, waited for, and killed.
func TestNobodyInsideTheScopeIsLeft(t *testing.T) {
	inherit(t)
	for _, scope := range []spawn.Scope{spawn.ScopeTree, spawn.ScopeCgroup} {
		for what, script := range clans {
			t.Run(fmt.Sprintf("%d/%s", scope, what), func(t *testing.T) {
				t.Parallel()
				f, kin := bearClan(t, scope, script)
				if scope == spawn.ScopeCgroup && kin.Cgroup() == "" {
					t.Skip("NOT TESTED: there can be no control groups here")
				}
				if err := kin.Signal(syscall.SIGTERM, false); err != nil {
					t.Fatal(err)
				}
				over := kin.Watch(false)
				awaitExit(t, f)
				left := kin.Left()
				if len(left) == 0 || !left[0].Inside || !strings.HasPrefix(left[0].Command, "s") {
					t.Fatalf("left are %+v", left)
				}
				stillOpen(t, over, "nobody is said to be left")
				if err := kin.Signal(syscall.SIGKILL, false); err != nil {
					t.Error(err)
				}
				awaitClosed(t, over, "the end of the last one")
				if left := kin.Left(); len(left) > 0 {
					t.Errorf("left are %+v", left)
				}
				for _, r := range left {
					if spawn.Birthday(r.PID) != 0 {
						t.Errorf("%+v lives", r)
					}
				}
			})
		}
	}
}

func awaitExit(t *testing.T, f family) spawn.Exit {
	t.Helper()
	select {
	case e := <-f.Exited():
		return e
	case <-time.After(testkit.Patience):
		t.Fatal("the child does not end")
		return spawn.Exit{}
	}
}

// TestAGroupIsItsMembers: who has gone out of the process group is known, but
// not of the scope.
func TestAGroupIsItsMembers(t *testing.T) {
	inherit(t)
	f, kin := bearClan(t, spawn.ScopeGroup, `trap "exit 0" TERM; `+sleeper+` & setsid `+sleeper+` & wait`)
	for strings.Count(f.out.String(), "here") < 2 {
		<-f.out.news
	}
	if err := kin.Signal(syscall.SIGTERM, false); err != nil {
		t.Fatal(err)
	}
	awaitExit(t, f)
	over, all := kin.Watch(false), kin.Watch(true)
	left := kin.Left()
	if !slices.ContainsFunc(left, func(r spawn.Relative) bool { return r.Inside }) ||
		!slices.ContainsFunc(left, func(r spawn.Relative) bool { return !r.Inside }) {
		t.Fatalf("left are %+v", left)
	}
	if err := kin.Signal(syscall.SIGKILL, false); err != nil {
		t.Error(err)
	}
	awaitClosed(t, over, "the end of the group")
	stillOpen(t, all, "nobody is said to be left")
	if err := kin.Signal(syscall.SIGKILL, true); err != nil {
		t.Error(err)
	}
	awaitClosed(t, all, "the end of the last one")
}

// TestRelativesThatForkAreCaught: killing goes on until nobody new is found.
func TestRelativesThatForkAreCaught(t *testing.T) {
	inherit(t)
	f, kin := bearClan(t, spawn.ScopeTree, `trap "exit 0" TERM; sh -c 'trap "" TERM; echo here; while :; do sleep 0.01; done' & wait`)
	_ = kin.Signal(syscall.SIGTERM, false)
	awaitExit(t, f)
	over := kin.Watch(false)
	_ = kin.Signal(syscall.SIGKILL, false)
	awaitClosed(t, over, "the end of the last one")
}

// TestStrangersAreNoRelatives: a process that is no descendant is never meant.
func TestStrangersAreNoRelatives(t *testing.T) {
	inherit(t)
	f, kin := bearClan(t, spawn.ScopeTree, `trap "exit 0" TERM; `+sleeper+` & wait`)
	stranger := exec.Command("setsid", "sleep", "600")
	stranger.Env = append(os.Environ(), "SUPERVISOR_PROCESS_NAME=another")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	_ = kin.Signal(syscall.SIGTERM, true)
	awaitExit(t, f)
	over := kin.Watch(true)
	_ = kin.Signal(syscall.SIGKILL, true)
	awaitClosed(t, over, "the end of the relatives")
	if spawn.Birthday(stranger.Process.Pid) == 0 {
		t.Error("the stranger has ended")
	}
	if err := stranger.Process.Kill(); err != nil {
		t.Error(err)
	}
}

// TestRelativesOfAChildThatEndedUnseen are found by their environment.
func TestRelativesOfAChildThatEndedUnseen(t *testing.T) {
	inherit(t)
	f, kin := bearClan(t, spawn.ScopeTree, `trap "exit 0" TERM; setsid `+sleeper+` & wait`)
	_ = f.Signal(syscall.SIGTERM, false)
	awaitExit(t, f)
	name := "SUPERVISOR_PROCESS_NAME=" + t.Name()
	heirs := spawner.KinOf(&spawn.Orphan{PID: f.Pid()}, &spawn.Spec{Scope: spawn.ScopeTree, Family: []string{name}})
	defer heirs.Release()
	if left := heirs.Left(); len(left) == 0 || !left[0].Inside {
		t.Fatalf("left are %+v", left)
	}
	over := heirs.Watch(false)
	_ = heirs.Signal(syscall.SIGKILL, false)
	awaitClosed(t, over, "the end of the relatives")
	awaitClosed(t, kin.Watch(false), "the same, by another hand")
}

// TestACgroupIsFoundAgain: a later daemon finds the group by its path.
func TestACgroupIsFoundAgain(t *testing.T) {
	inherit(t)
	f, kin := bearClan(t, spawn.ScopeCgroup, `trap "exit 0" TERM; env -i setsid `+sleeper+` & wait`)
	if kin.Cgroup() == "" {
		t.Skip("NOT TESTED: there can be no control groups here")
	}
	if base := filepath.Base(kin.Cgroup()); !strings.HasPrefix(base, fmt.Sprintf("supervisord-%d-", os.Getpid())) {
		t.Errorf("its name is %s", base)
	}
	_ = f.Signal(syscall.SIGTERM, false)
	awaitExit(t, f)
	again := spawner.KinOf(&spawn.Orphan{PID: f.Pid(), Cgroup: kin.Cgroup()}, &spawn.Spec{Scope: spawn.ScopeCgroup, Family: []string{"nobody"}})
	if again.Cgroup() != kin.Cgroup() || len(again.Left()) == 0 {
		t.Fatalf("it is %q with %+v", again.Cgroup(), again.Left())
	}
	over := again.Watch(false)
	_ = again.Signal(syscall.SIGKILL, false)
	awaitClosed(t, over, "the end of the last one")
}
