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
	"supervisor/supervisord/spawn"
)

// fakeKin are relatives that do as they are told. All of it happens in the
// goroutine of the process, or while that waits.
type fakeKin struct {
	child    *fakeChild
	left     []spawn.Relative
	watch    chan struct{}
	got      []string
	released bool
}

func (k *fakeKin) Signal(sig syscall.Signal, all bool) error {
	k.got = append(k.got, fmt.Sprintf("%s %v", signals.Name(sig), all))
	err := k.child.Signal(sig, false)
	if sig == syscall.SIGKILL && len(k.left) > 0 {
		k.end()
		err = nil
	}
	return err
}

// end is the end of all relatives.
func (k *fakeKin) end() {
	k.left = nil
	if k.watch != nil {
		close(k.watch)
		k.watch = nil
	}
}

func (k *fakeKin) Left() []spawn.Relative { return k.left }
func (k *fakeKin) Cgroup() string         { return "" }
func (k *fakeKin) Release()               { k.released = true }
func (k *fakeKin) Watch(bool) <-chan struct{} {
	watch := make(chan struct{})
	if len(k.left) == 0 {
		close(watch)
		return watch
	}
	k.watch = watch
	return watch
}

// related is a fake child with relatives.
type related struct {
	*fakeChild
	kin *fakeKin
}

func (r related) Kin() spawn.Kin { return r.kin }

// clan is a Spawner of children that leave a relative behind.
type clan struct {
	*world
	kin *fakeKin
}

func (c *clan) Spawn(s *spawn.Spec) (spawn.Child, error) {
	child, err := c.world.Spawn(s)
	if err != nil {
		return nil, err
	}
	c.kin = &fakeKin{child: child.(*fakeChild), left: []spawn.Relative{{PID: 7, Inside: s.Scope >= spawn.ScopeGroup, Command: "worker"}}}
	return related{c.kin.child, c.kin}, nil
}

func inClan(t *testing.T, change func(*config.Process), test func(*testing.T, *clan)) {
	t.Helper()
	inWorld(t, change, func(t *testing.T, w *world) {
		c := &clan{world: w}
		w.Spawner = c
		test(t, c)
	})
}

func scoped(c *config.Process) {
	c.Stop = config.StopPolicy{Scope: config.ScopeTree, Sequence: []config.StopStep{
		{Signal: syscall.SIGQUIT, Wait: 20 * time.Second}, {Signal: syscall.SIGTERM, Wait: 10 * time.Second}, {Signal: syscall.SIGKILL},
	}}
}

// TestTheRestHasWhatIsLeftOfTheTime: the child's end does not end the stop, and
// does not begin the time anew.
func TestTheRestHasWhatIsLeftOfTheTime(t *testing.T) {
	inClan(t, scoped, func(t *testing.T, c *clan) {
		c.start(t)
		begun := time.Now()
		if err := c.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 30*time.Second {
			t.Errorf("it took %s", took)
		}
		if diff := cmp.Diff([]string{"SIGQUIT false", "SIGTERM false", "SIGKILL false"}, c.kin.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
		if !c.kin.released {
			t.Error("the relatives are still held")
		}
		c.expect(t, states.Stopped)
	})
}

func TestAStopEndsWithTheLastOfTheScope(t *testing.T) {
	inClan(t, scoped, func(t *testing.T, c *clan) {
		c.start(t)
		a := c.Stop("p", true)
		sleep(3 * time.Second)
		c.expect(t, states.Stopping)
		if pid := c.Status().PID; pid != c.child.pid {
			t.Errorf("pid %d", pid)
		}
		if err := c.Signal("p", syscall.SIGHUP); err != nil {
			t.Errorf("a signal to a child that has just gone: %v", err)
		}
		c.kin.end()
		sleep(time.Millisecond)
		if err := a.Wait(t.Context()); err != nil || c.Status().Ended.Add(3*time.Second).After(time.Now()) {
			t.Errorf("%v; it ended at %s", err, c.Status().Ended)
		}
	})
}

func TestKillDoesNotAsk(t *testing.T) {
	inClan(t, scoped, func(t *testing.T, c *clan) {
		c.start(t)
		if err := c.Kill("", "p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"SIGKILL false"}, c.kin.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}

func TestLeftoversAreToldOfOnlyWhereAskedFor(t *testing.T) {
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
			inClan(t, tt.change, func(t *testing.T, c *clan) {
				c.start(t)
				if err := c.Stop("p", true).Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := c.Status().Left; got != tt.left {
					t.Errorf("left behind: %q", got)
				}
				if told := strings.Contains(c.log.String(), "left behind by p: pid 7 (worker)"); told != (tt.left != "") {
					t.Errorf("log:\n%s", c.log.String())
				}
				if diff := cmp.Diff(tt.got, c.kin.got); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestNobodyOfTheScopeOutlivesACrash: what a child that has died held is free
// for the next one.
func TestNobodyOfTheScopeOutlivesACrash(t *testing.T) {
	inClan(t, scoped, func(t *testing.T, c *clan) {
		c.start(t)
		sleep(time.Minute)
		old := c.kin
		c.child.exit(2)
		c.expect(t, states.Exited)
		sleep(time.Second)
		c.expect(t, states.Starting)
		if diff := cmp.Diff([]string{"SIGKILL false"}, old.got); diff != "" || !old.released {
			t.Errorf("released %v, signals (-want +got):\n%s", old.released, diff)
		}
	})
}

// TestALeaderlessStopOutlivesTheDaemon: the rest has what is left of the time.
func TestALeaderlessStopOutlivesTheDaemon(t *testing.T) {
	inClan(t, scoped, func(t *testing.T, c *clan) {
		kin := &fakeKin{child: &fakeChild{refuse: syscall.ESRCH}, left: []spawn.Relative{{PID: 7, Inside: true, Command: "worker"}}}
		c.Spawner = heirs{c, kin}
		past := Status{State: states.Stopping, PID: 9, Leaderless: true, Step: 1, Deadline: time.Now().Add(4 * time.Second), Reason: "being stopped by an operator"}
		c.Process.Adopt(&Estate{Child: spawn.Orphan{PID: 9}, Past: past})
		sleep(3 * time.Second)
		c.expect(t, states.Stopping)
		sleep(time.Second)
		c.expect(t, states.Stopped)
		if diff := cmp.Diff([]string{"SIGKILL false"}, kin.got); diff != "" || c.Status().Reason != "stopped by an operator" {
			t.Errorf("reason %q, signals (-want +got):\n%s", c.Status().Reason, diff)
		}
	})
}

// heirs finds relatives of a child of the past.
type heirs struct {
	*clan
	kin *fakeKin
}

func (h heirs) KinOf(*spawn.Orphan, *spawn.Spec) spawn.Kin { return h.kin }
