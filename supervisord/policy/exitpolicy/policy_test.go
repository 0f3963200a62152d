package exitpolicy_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/policy/exitpolicy"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSpawner is a spawner whose children end when the test says so.
type fakeSpawner struct {
	mu    sync.Mutex
	alive map[string]chan spawn.Exit
	fails map[string]error
}

type fakeChild struct{ exits chan spawn.Exit }

func (c *fakeChild) Pid() int                        { return 42 }
func (c *fakeChild) Identity() spawn.ProcessIdentity { return spawn.ProcessIdentity{} }
func (c *fakeChild) HandOver() (spawn.ChildState, [3]int, error) {
	return spawn.ChildState{}, [3]int{-1, -1, -1}, nil
}
func (c *fakeChild) DaemonisedPID() int        { return 0 }
func (c *fakeChild) Exited() <-chan spawn.Exit { return c.exits }
func (c *fakeChild) Write([]byte) error        { return nil }
func (c *fakeChild) Signal(sig syscall.Signal, _ bool) error {
	c.exits <- spawn.Exit{Code: -1, Signal: sig}
	return nil
}

// Spawn implements process.Spawner.
func (c *fakeSpawner) Spawn(spec *spawn.Spec) (spawn.Child, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := ""
	for _, kv := range spec.Env {
		if v, ok := strings.CutPrefix(kv, "SUPERVISOR_PROCESS_NAME="); ok {
			name = v
		}
	}
	if err := c.fails[name]; err != nil {
		return nil, err
	}
	one := &fakeChild{make(chan spawn.Exit, 1)}
	c.alive[name] = one.exits
	return one, nil
}

// Adopt implements process.Spawner.
func (c *fakeSpawner) Adopt(*spawn.Orphan, *spawn.Spec) (spawn.Child, error) {
	return nil, &spawn.GoneError{Exit: spawn.Exit{Code: -1}}
}

// testPolicy is some processes and the policy that watches them.
type testPolicy struct {
	*fakeSpawner
	processes map[string]*process.Process
	decisions []decision
}

type decision struct {
	reason string
	code   int
}

func (p *testPolicy) exit(name string, e spawn.Exit) {
	p.mu.Lock()
	exitCh := p.alive[name]
	p.mu.Unlock()
	exitCh <- e
	synctest.Wait()
}

func program(name string, change func(*config.Process)) *config.Process {
	c := &config.Process{
		Name: name, Group: name, Program: name, Command: os.Args[0], Umask: -1, Autostart: true,
		Autorestart: config.RestartUnexpected, StartSecs: 1, StartRetries: 0, ExitCodes: []int{0},
		StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
	}
	if change != nil {
		change(c)
	}
	return c
}

func neverRestart(c *config.Process) { c.Autorestart = config.RestartNever }

func withPolicy(t *testing.T, o exitpolicy.Options, programs []*config.Process, do func(*testing.T, *testPolicy)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &testPolicy{
			fakeSpawner: &fakeSpawner{alive: make(map[string]chan spawn.Exit), fails: make(map[string]error)},
			processes:   make(map[string]*process.Process),
		}
		o.ExitWith = func(reason string, code int) { p.decisions = append(p.decisions, decision{reason, code}) }
		y := exitpolicy.New(o)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, c := range programs {
			one := process.New(process.Options{
				Config: c, Spawner: p.fakeSpawner, Events: &events.Bus{}, Log: slog.New(slog.DiscardHandler), Changed: y.Changed,
			})
			p.processes[c.Name] = one
			running.Go(func() { one.Run(ctx) })
		}
		for _, c := range programs {
			if c.Autostart {
				p.processes[c.Name].Autostart()
			}
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		do(t, p)
		cancel()
		running.Wait()
	})
}

func (p *testPolicy) expect(t *testing.T, want ...decision) {
	t.Helper()
	synctest.Wait()
	if len(p.decisions) != len(want) {
		t.Fatalf("decisions: got %v, want %v", p.decisions, want)
	}
	for i := range want {
		if p.decisions[i] != want[i] {
			t.Errorf("decision: got %v, want %v", p.decisions[i], want[i])
		}
	}
}

func statusOfFirst() exitpolicy.Options {
	return exitpolicy.Options{Status: config.ExitStatus{Of: config.StatusOfFirst}}
}

func essential(c *config.Process) { c.Exit.Essential, c.Autorestart = true, config.RestartNever }

func TestEssentialProgram(t *testing.T) {
	for name, tt := range map[string]struct {
		exit spawn.Exit
		want decision
	}{
		"failure": {spawn.Exit{Code: 3}, decision{"web: exit status 3 (essential=true)", 3}},
		"success": {spawn.Exit{Code: 0}, decision{"web: exit status 0 (essential=true)", 0}},
		"signal":  {spawn.Exit{Code: -1, Signal: syscall.SIGKILL}, decision{"web: terminated by SIGKILL (essential=true)", 137}},
	} {
		t.Run(name, func(t *testing.T) {
			withPolicy(t, statusOfFirst(), []*config.Process{program("web", essential), program("other", neverRestart)}, func(t *testing.T, p *testPolicy) {
				p.exit("other", spawn.Exit{Code: 9})
				p.expect(t)
				p.exit("web", tt.exit)
				p.expect(t, tt.want)
			})
		})
	}
}

func TestRestartDoesNotExit(t *testing.T) {
	withPolicy(t, statusOfFirst(), []*config.Process{program("web", func(c *config.Process) { c.Exit.Essential = true })}, func(t *testing.T, p *testPolicy) {
		p.exit("web", spawn.Exit{Code: 3}) // an automatic restart follows at once
		p.expect(t)
		time.Sleep(1500 * time.Millisecond)
		p.exit("web", spawn.Exit{Code: 0}) // which is expected
		p.expect(t, decision{"web: exit status 0 (essential=true)", 0})
	})
}

func TestStopDoesNotExit(t *testing.T) {
	withPolicy(t, statusOfFirst(), []*config.Process{program("web", essential)}, func(t *testing.T, p *testPolicy) {
		if err := p.processes["web"].Stop("web", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.expect(t)
	})
}

func TestCancelledRestartDoesNotExit(t *testing.T) {
	always := func(c *config.Process) { c.Exit.Essential, c.Autorestart, c.StartSecs = true, config.RestartAlways, 0 }
	withPolicy(t, statusOfFirst(), []*config.Process{program("web", always)}, func(t *testing.T, p *testPolicy) {
		p.exit("web", spawn.Exit{Code: 0})
		p.exit("web", spawn.Exit{Code: 0}) // within a second of its start: the next start is due
		_ = p.processes["web"].Stop("web", true).Wait(t.Context())
		p.expect(t)
	})
}

func TestExitOn(t *testing.T) {
	for _, tt := range []struct {
		name string
		on   config.ExitOn
		code int
		want []decision
	}{
		{"failure", config.OnFailure, 3, []decision{{"web: exit status 3 (exit_on=failure)", 3}}},
		{"no failure", config.OnFailure, 0, nil},
		{"success", config.OnSuccess, 0, []decision{{"web: exit status 0 (exit_on=success)", 0}}},
		{"no success", config.OnSuccess, 3, nil},
		{"exit", config.OnExit, 3, []decision{{"web: exit status 3 (exit_on=exit)", 3}}},
		{"not fatal", config.OnFatal, 3, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			web := program("web", func(c *config.Process) { c.Exit.On, c.Autorestart = tt.on, config.RestartNever })
			withPolicy(t, statusOfFirst(), []*config.Process{web}, func(t *testing.T, p *testPolicy) {
				p.exit("web", spawn.Exit{Code: tt.code})
				p.expect(t, tt.want...)
			})
		})
	}
}

func TestFatal(t *testing.T) {
	o := statusOfFirst()
	o.On = config.OnFatal
	web := program("web", func(c *config.Process) { c.Autostart = false })
	withPolicy(t, o, []*config.Process{web}, func(t *testing.T, p *testPolicy) {
		p.fails["web"] = syscall.ENOMEM
		p.processes["web"].Start("web", false)
		p.expect(t, decision{"web: given up, unknown error during fork for 'web': ENOMEM (exit_on=fatal of supervisord)", 1})
	})
}

func TestFatalAfterEarlyExits(t *testing.T) {
	o := statusOfFirst()
	o.On = config.OnFatal
	web := program("web", func(c *config.Process) { c.Autostart = false })
	withPolicy(t, o, []*config.Process{web}, func(t *testing.T, p *testPolicy) {
		p.processes["web"].Start("web", false)
		synctest.Wait()
		p.exit("web", spawn.Exit{Code: 7})
		p.expect(t, decision{"web: given up, Exited too quickly (process log may have details) (exit_on=fatal of supervisord)", 7})
	})
}

func TestAllExited(t *testing.T) {
	for name, tt := range map[string]struct {
		status config.ExitStatus
		code   int
	}{
		"first":         {config.ExitStatus{Of: config.StatusOfFirst}, 0},
		"first failure": {config.ExitStatus{Of: config.StatusOfFirstFailure}, 4},
		"last":          {config.ExitStatus{Of: config.StatusOfLast}, 5},
		"fixed":         {config.ExitStatus{Of: config.StatusFixed, Fixed: 77}, 77},
	} {
		t.Run(name, func(t *testing.T) {
			o := exitpolicy.Options{On: config.OnAllExited, Status: tt.status}
			listener := program("listener", func(c *config.Process) { c.Kind = config.EventListener })
			manual := program("manual", func(c *config.Process) { c.Autostart = false })
			programs := []*config.Process{program("a", neverRestart), program("b", neverRestart), program("c", neverRestart), program("d", neverRestart), listener, manual}
			withPolicy(t, o, programs, func(t *testing.T, p *testPolicy) {
				for i, name := range []string{"a", "b", "c"} {
					p.exit(name, spawn.Exit{Code: []int{0, 4, 6}[i]})
					time.Sleep(time.Second)
				}
				p.expect(t)
				p.exit("d", spawn.Exit{Code: 5})
				p.expect(t, decision{"d: exit status 5 (exit_on=all_exited of supervisord)", tt.code})
			})
		})
	}
}

// TestAllExitedWaitsForPendingStarts: a program that has not been started yet, or
// will be again, has not ended.
func TestAllExitedWaitsForPendingStarts(t *testing.T) {
	o := statusOfFirst()
	o.On = config.OnAllExited
	again := program("again", func(c *config.Process) { c.StartRetries = 3 })
	withPolicy(t, o, []*config.Process{program("a", neverRestart), again}, func(t *testing.T, p *testPolicy) {
		p.exit("again", spawn.Exit{Code: 1})
		p.exit("again", spawn.Exit{Code: 1}) // too soon: BACKOFF
		p.exit("a", spawn.Exit{Code: 0})
		p.expect(t)
	})
}

// TestExitBeforeUpgradeIsIgnored: an exit that the daemon before an upgrade knew of does not count again.
func TestExitBeforeUpgradeIsIgnored(t *testing.T) {
	saved := machine.Status{State: 100, ChildStatus: machine.ChildStatus{Started: boottime.At(time.Now()), Ended: boottime.At(time.Now().Add(time.Second)), SpawnErr: "Bad exit code 3", ShellStatus: 3}}
	o := statusOfFirst()
	o.Saved = map[string]machine.Status{"web": saved}
	web := program("web", func(c *config.Process) { essential(c); c.Autostart = false })
	withPolicy(t, o, []*config.Process{web}, func(t *testing.T, p *testPolicy) {
		p.processes["web"].Adopt(&process.Saved{State: process.State{Status: saved}, HandedOver: true})
		if s := p.processes["web"].Status(); s.State != saved.State {
			t.Fatalf("it is %s", s.State)
		}
		p.expect(t)
	})
}

// TestExemptProcess: the exit of an exempt process does not end the daemon.
func TestExemptProcess(t *testing.T) {
	o := statusOfFirst()
	o.Exempt = func(p *process.Process) bool { return p.Config.Name == "web" }
	withPolicy(t, o, []*config.Process{program("web", essential), program("other", essential)}, func(t *testing.T, p *testPolicy) {
		p.exit("web", spawn.Exit{Code: 3})
		p.expect(t)
		p.exit("other", spawn.Exit{Code: 4})
		p.expect(t, decision{"other: exit status 4 (essential=true)", 4})
	})
}
