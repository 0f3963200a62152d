package process

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

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/bound"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a process among fakes, in a bubble of virtual time.
type world struct {
	*Process
	log    testkit.Log
	events []string
	births []time.Duration // since the beginning
	begun  time.Time

	fail       error            // of the next births
	errandFail error            // of the next commands beside the child
	until      time.Duration    // since the beginning, when births and commands fail no more; 0 for never
	once       bool             // of the next birth only
	child      *fakeChild       // the last one
	every      func(*fakeChild) // what a newborn does

	errand     *fakeChild // the last command that was run beside the child
	errandDone []string   // what all of them were for, and when
	errandDoes func(what string, c *fakeChild)
}

// fakeChild obeys signals as told.
type fakeChild struct {
	pid   int
	exits chan spawn.Exit

	mu      sync.Mutex // the test changes the child's mind while it runs
	ignore  []syscall.Signal
	refuse  error // the kernel's answer to a signal
	got     []string
	stdin   strings.Builder
	stdinIs error
}

func (c *fakeChild) Pid() int                         { return c.pid }
func (c *fakeChild) Traces() spawn.Traces             { return spawn.Traces{} }
func (c *fakeChild) Bequeath() (spawn.Bequest, error) { return spawn.Bequest{}, nil }
func (c *fakeChild) Heir() int                        { return 0 }
func (c *fakeChild) Exited() <-chan spawn.Exit        { return c.exits }

func (c *fakeChild) Write(data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stdin.Write(data)
	return c.stdinIs
}

func (c *fakeChild) Signal(sig syscall.Signal, group bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse != nil {
		return c.refuse
	}
	c.got = append(c.got, fmt.Sprintf("%s %v", signals.Name(sig), group))
	if !slices.Contains(c.ignore, sig) {
		c.end(spawn.Exit{Code: -1, Signal: sig})
	}
	return nil
}

func (c *fakeChild) end(e spawn.Exit) {
	select {
	case c.exits <- e:
	default: // it is dead already
	}
}

// mind changes what the child does from now on.
func (c *fakeChild) mind(change func(*fakeChild)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func (c *fakeChild) exit(code int) { c.end(spawn.Exit{Code: code}) }

// Spawn implements Spawner.
func (w *world) Spawn(s *spawn.Spec) (spawn.Child, error) {
	if what := lookup(s.Env, ErrandVar); what != "" {
		if w.errandFail != nil && w.fails() {
			return nil, w.errandFail
		}
		return w.send(what), nil
	}
	w.births = append(w.births, time.Since(w.begun))
	if err := w.fail; err != nil && w.fails() {
		if w.once {
			w.fail = nil
		}
		return nil, err
	}
	w.child = &fakeChild{pid: 100 + len(w.births), exits: make(chan spawn.Exit, 1)}
	if w.every != nil {
		w.every(w.child)
	}
	return w.child, nil
}

func (w *world) fails() bool { return w.until == 0 || time.Since(w.begun) < w.until }

func (w *world) send(what string) *fakeChild {
	w.errandDone = append(w.errandDone, fmt.Sprintf("%s %s", what, time.Since(w.begun)))
	c := &fakeChild{pid: 1000 + len(w.errandDone), exits: make(chan spawn.Exit, 1)}
	w.errand = c
	if w.errandDoes != nil {
		w.errandDoes(what, c)
	}
	return c
}

// Adopt implements Spawner: there is nobody to adopt unless the test has put a
// child there.
func (w *world) Adopt(o *spawn.Orphan, _ *spawn.Spec) (spawn.Child, error) {
	if w.child == nil || w.child.pid != o.PID {
		return nil, &spawn.GoneError{Exit: spawn.Exit{Code: -1}}
	}
	return w.child, nil
}

// inWorld runs a test in a bubble with a process made of the configuration.
func inWorld(t *testing.T, change func(*config.Process), test func(*testing.T, *world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := plainConf()
		conf.Command = os.Args[0] // something that exists and can be executed
		if change != nil {
			change(conf)
		}
		w := &world{begun: time.Now()}
		w.log.Level = slog.LevelInfo
		bus := &events.Bus{}
		bus.Subscribe([]events.Type{events.ProcessState}, func(e events.Event) {
			w.events = append(w.events, strings.TrimPrefix(string(e.Type), "PROCESS_STATE_"))
		})
		w.Process = New(Options{Config: conf, Spawner: w, Events: bus, Log: w.log.Logger()})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { w.Run(ctx) })
		test(t, w)
		cancel()
		run.Wait()
	})
}

func (w *world) start(t *testing.T) {
	t.Helper()
	if err := w.Start("p", true).Wait(t.Context()); err != nil {
		t.Fatalf("start: %v", err)
	}
}

// sleep lets virtual time pass and everybody come to rest.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) expect(t *testing.T, want states.Process) {
	t.Helper()
	synctest.Wait()
	if got := w.Status().State; got != want {
		t.Fatalf("state %s, want %s", got, want)
	}
}

func TestStartWaitsForStartsecs(t *testing.T) {
	inWorld(t, func(c *config.Process) { c.StartSecs = 7 }, func(t *testing.T, w *world) {
		w.start(t)
		if took := time.Since(w.begun); took != 7*time.Second {
			t.Errorf("took %s", took)
		}
		w.expect(t, states.Running)
		if w.Status().PID != w.child.pid {
			t.Errorf("pid %d", w.Status().PID)
		}
	})
}

func TestStartWithoutWaiting(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		a := w.Start("p", false)
		if !a.Done() || a.Wait(t.Context()) != nil {
			t.Errorf("got %v", a)
		}
		w.expect(t, states.Starting)
	})
}

func TestRetriesGrowThenGiveUp(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.exit(1) }
		err := w.Start("p", true).Wait(t.Context())
		if want := faults.New(faults.SpawnError, "p"); !sameFault(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		sleep(time.Minute)
		w.expect(t, states.Fatal)
		want := []time.Duration{0, time.Second, 3 * time.Second, 6 * time.Second}
		if diff := cmp.Diff(want, w.births); diff != "" {
			t.Errorf("births (-want +got):\n%s", diff)
		}
		if w.Status().SpawnErr != "Exited too quickly (process log may have details)" {
			t.Errorf("spawnerr %q", w.Status().SpawnErr)
		}
	})
}

func TestEventsOfALife(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(t)
		w.child.exit(3)
		w.expect(t, states.Starting) // it had lived for a breath
		sleep(2 * time.Second)
		w.expect(t, states.Running)
		if err := w.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"STARTING", "RUNNING", "EXITED", "STARTING", "RUNNING", "STOPPING", "STOPPED"}
		if diff := cmp.Diff(want, w.events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestRestartAfterALongLifeIsImmediate(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(t)
		sleep(time.Hour)
		w.child.exit(1)
		synctest.Wait()
		if len(w.births) != 2 || w.births[1] != time.Hour+time.Second {
			t.Errorf("births at %v", w.births)
		}
	})
}

func TestProgramThatEndsAtOnceIsBornOnceASecond(t *testing.T) {
	inWorld(t, func(c *config.Process) { c.StartSecs, c.Autorestart = 0, config.RestartAlways }, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.exit(0) }
		w.start(t)
		sleep(9500 * time.Millisecond)
		if len(w.births) != 10 {
			t.Errorf("%d births: %v", len(w.births), w.births)
		}
	})
}

func TestDisobedienceIsKilledAgainAndAgain(t *testing.T) {
	inWorld(t, func(c *config.Process) { c.StopWaitSecs = 2 }, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} }
		w.start(t)
		a := w.Stop("p", true)
		sleep(5 * time.Second)
		w.expect(t, states.Stopping)
		if a.Done() {
			t.Error("stop has been answered")
		}
		w.child.mind(func(c *fakeChild) { c.ignore = nil })
		if err := a.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		want := []string{"SIGTERM false", "SIGKILL false", "SIGKILL false", "SIGKILL false"}
		if diff := cmp.Diff(want, w.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}

func TestKillsKeepTheirPaceWithoutStopwaitsecs(t *testing.T) {
	inWorld(t, func(c *config.Process) { c.StopWaitSecs = 0 }, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} }
		w.start(t)
		w.Stop("p", false)
		sleep(1500 * time.Millisecond)
		want := []string{"SIGTERM false", "SIGKILL false", "SIGKILL false"}
		w.child.mind(func(c *fakeChild) {
			if diff := cmp.Diff(want, c.got); diff != "" {
				t.Errorf("signals (-want +got):\n%s", diff)
			}
		})
	})
}

func TestLongStopIsReportedEveryTwoSeconds(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		a := w.Stop("p", true)
		sleep(5 * time.Second)
		got := slices.DeleteFunc(w.log.Lines(), func(l string) bool { return l != "waiting for p to stop" })
		if len(got) != 3 {
			t.Errorf("%d lines in five seconds", len(got))
		}
		w.child.exit(0)
		a.Wait(t.Context())
		sleep(10 * time.Second)
		if n := strings.Count(w.log.String(), "waiting for"); n != 3 {
			t.Errorf("%d lines after the stop", n)
		}
	})
}

func TestStartWhileStoppingIsGranted(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		old := w.child
		w.Stop("p", false)
		a := w.Start("p", true)
		if a.Done() {
			t.Fatal("start has been answered")
		}
		old.exit(0)
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.child == old {
			t.Error("no new child")
		}
		w.expect(t, states.Running)
	})
}

// Whoever waits for a stop is told of it even if somebody else has the process
// started anew at that moment.
func TestStopIsAnsweredBeforeTheNextStart(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		stopped := w.Stop("p", true)
		w.Start("p", false)
		w.child.exit(0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := stopped.Wait(ctx); err != nil {
			t.Errorf("the stop came to %v", err)
		}
		w.expect(t, states.Starting)
	})
}

func TestStartWhileStoppingOutlastsAHold(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		w.Stop("p", false)
		w.Start("p", false)
		w.Hold()
		w.Release()
		w.child.exit(0)
		w.expect(t, states.Starting)
	})
}

// TestStartWhileStoppingThatAHoldHasPutOff: who has been promised a start gets it
// when births are allowed again, or never if somebody asks for a stop before.
func TestStartWhileStoppingThatAHoldHasPutOff(t *testing.T) {
	for name, want := range map[string]states.Process{"start": states.Starting, "stop": states.Stopped} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
				w.start(t)
				w.Stop("p", false)
				w.Start("p", false)
				w.Hold()
				w.child.exit(0)
				w.expect(t, states.Stopped)
				if want == states.Stopped {
					w.Stop("p", false)
				}
				w.Release()
				w.expect(t, want)
			})
		})
	}
}

func TestFaults(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		for _, tt := range []struct {
			what string
			err  error
			want *faults.Error
		}{
			{"stop of a stopped one", w.Stop("x:p", true).Wait(t.Context()), faults.New(faults.NotRunning, "x:p")},
			{"signal to a stopped one", w.Signal("p", syscall.SIGHUP), faults.New(faults.NotRunning, "p")},
			{"stdin of a stopped one", w.Feed("p", nil), faults.New(faults.NotRunning, "p")},
		} {
			if !sameFault(tt.err, tt.want) {
				t.Errorf("%s: got %v, want %v", tt.what, tt.err, tt.want)
			}
		}
		w.start(t)
		if err := w.Start("p", true).Wait(t.Context()); !sameFault(err, faults.New(faults.AlreadyStarted, "p")) {
			t.Errorf("second start: %v", err)
		}
		w.child.mind(func(c *fakeChild) { c.stdinIs = syscall.EPIPE })
		if err := w.Feed("p", []byte("x")); !sameFault(err, faults.New(faults.NoFile, "p")) {
			t.Errorf("closed stdin: %v", err)
		}
	})
}

func TestSpawnFailures(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
		then states.Process
	}{
		{syscall.EAGAIN, "Too many processes in process table to spawn 'p'", states.Fatal},
		{syscall.ENOMEM, "unknown error during fork for 'p': ENOMEM", states.Fatal},
		{&spawn.PipeError{Err: syscall.EMFILE}, "too many open files to spawn 'p'", states.Backoff},
		{&spawn.PipeError{Err: syscall.ENFILE}, "unknown error making dispatchers for 'p': ENFILE", states.Backoff},
	} {
		t.Run(tt.want, func(t *testing.T) {
			inWorld(t, func(c *config.Process) { c.StartRetries = 0 }, func(t *testing.T, w *world) {
				w.fail = tt.err
				if err := w.Start("p", false).Wait(t.Context()); !sameFault(err, faults.New(faults.SpawnError, "p")) {
					t.Errorf("got %v", err)
				}
				w.expect(t, tt.then)
				if got := w.Status().SpawnErr; got != tt.want {
					t.Errorf("spawnerr %q", got)
				}
			})
		})
	}
}

// TestShortagesPass: a process is born as soon as there is again what was
// wanting, without anybody's help.
func TestShortagesPass(t *testing.T) {
	for _, err := range []error{syscall.EAGAIN, syscall.ENOMEM, &spawn.PipeError{Err: syscall.EMFILE}, &spawn.PipeError{Err: syscall.ENFILE}} {
		t.Run(err.Error(), func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				w.fail, w.once = err, true
				_ = w.Start("p", false).Wait(t.Context())
				w.expect(t, states.Backoff)
				time.Sleep(3 * time.Second)
				w.expect(t, states.Running)
			})
		})
	}
}

// TestDescriptorsAreWaitedFor: a process is never given up because the daemon, or
// the system, has no descriptors for it, whatever limits its attempts.
func TestDescriptorsAreWaitedFor(t *testing.T) {
	for _, err := range []error{&spawn.PipeError{Err: syscall.EMFILE}, &spawn.PipeError{Err: syscall.ENFILE}, syscall.EMFILE} {
		for _, where := range []string{"child", "pre_start"} {
			t.Run(where+" "+err.Error(), func(t *testing.T) {
				inWorld(t, func(c *config.Process) {
					c.StartRetries, c.Restart.Limit, c.Restart.Window = 0, 1, 24*time.Hour
					if where == "pre_start" {
						c.Hooks = config.Hooks{PreStart: "sh", Timeout: config.Forever}
					}
				}, func(t *testing.T, w *world) {
					w.errandDoes = func(_ string, c *fakeChild) { c.exit(0) }
					w.until = time.Hour
					if where == "pre_start" {
						w.errandFail = err
					} else {
						w.fail = err
					}
					_ = w.Start("p", false).Wait(t.Context())
					time.Sleep(time.Hour - time.Millisecond)
					w.expect(t, states.Backoff)
					if n := strings.Count(w.log.String(), "no descriptors left"); n != 1 {
						t.Errorf("told %d times", n)
					}
					time.Sleep(10 * time.Second)
					w.expect(t, states.Running)
				})
			})
		}
	}
}

// TestWithoutDescriptorsForTheSocket: that a FastCGI socket can't be made for want
// of them is no failure of the program either, while any other reason is.
func TestWithoutDescriptorsForTheSocket(t *testing.T) {
	for err, want := range map[error]bool{syscall.EMFILE: true, syscall.EADDRINUSE: false} {
		s := NewSocket(&config.Socket{URL: "tcp://127.0.0.1:1", Family: "tcp"}, (&testkit.Log{}).Logger())
		s.bind = func(context.Context, bound.TCPOptions) (int, error) { return -1, os.NewSyscallError("socket", err) }
		_, got := s.Acquire()
		if stillbirth(got, "%s", got).short != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestKernelThatRefusesASignal(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(t)
		w.child.mind(func(c *fakeChild) { c.refuse = syscall.EPERM })
		err := w.Stop("p", true).Wait(t.Context())
		if want := faults.Failed; !hasCode(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		w.expect(t, states.Unknown)
		w.child.exit(0)
		w.expect(t, states.Exited)
	})
}

func TestChildThatHasJustGone(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(t)
		w.child.mind(func(c *fakeChild) { c.refuse = syscall.ESRCH })
		a := w.Stop("p", true)
		w.expect(t, states.Stopping)
		w.child.exit(0)
		if err := a.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		w.expect(t, states.Stopped)
	})
}

func TestHoldForbidsBirths(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(t)
		w.Hold()
		w.child.exit(1)
		sleep(time.Minute)
		w.expect(t, states.Exited)
		if err := w.Start("p", true).Wait(t.Context()); !hasCode(err, faults.ShutdownState) {
			t.Errorf("start: %v", err)
		}
		w.Release()
		sleep(time.Minute)
		w.expect(t, states.Running)
	})
}

func TestAbortIsAnsweredAtRest(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		if !w.Abort().Done() {
			t.Error("a stopped process keeps us waiting")
		}
		w.start(t)
		w.Hold()
		if err := w.Abort().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		w.expect(t, states.Stopped)
	})
}

// What a child is told ahead of its stop shows only with the stop.
func TestForewarnedChildObeysAtOnceAndIsToldOfLater(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(t)
		w.Hold()
		before := len(w.log.Lines())
		w.Forewarn()
		sleep(time.Minute)
		w.expect(t, states.Running)
		if lines := w.log.Lines()[before:]; len(lines) > 0 {
			t.Errorf("logged %q", lines)
		}
		if !w.Status().Forewarned {
			t.Error("the status does not tell")
		}
		if err := w.Abort().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		w.expect(t, states.Stopped)
		want := []string{"stopped: p (terminated by SIGTERM)"}
		if diff := cmp.Diff(want, w.log.Lines()[before:]); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"SIGTERM false"}, w.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
		if w.Status().Forewarned {
			t.Error("the status still tells")
		}
	})
}

func TestForewarnedChildHasItsTimeFromThenOn(t *testing.T) {
	for _, c := range []struct{ pause, want time.Duration }{
		{4 * time.Second, 10 * time.Second},
		{time.Minute, time.Minute + moment}, // so that its end can be heard of
	} {
		t.Run(c.pause.String(), func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
				w.start(t)
				w.Hold()
				begun := time.Now()
				w.Forewarn()
				sleep(c.pause)
				if err := w.Abort().Wait(t.Context()); err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took != c.want {
					t.Errorf("took %s, want %s", took, c.want)
				}
				if diff := cmp.Diff([]string{"SIGTERM false", "SIGKILL false"}, w.child.got); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestForewarnedChildCanBeKilled: that it has got its stop signal does not mean
// that it has got SIGKILL.
func TestForewarnedChildCanBeKilled(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.every = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		w.Hold()
		w.Forewarn()
		begun := time.Now()
		if err := w.Kill("the shutdown", "p", true).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("took %s", took)
		}
		if diff := cmp.Diff([]string{"SIGTERM false", "SIGKILL false"}, w.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}

func TestForewarningThatTheKernelRefuses(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(t)
		w.child.mind(func(c *fakeChild) { c.refuse = syscall.EPERM })
		w.Forewarn()
		if w.Status().Forewarned {
			t.Error("taken for done")
		}
		w.child.mind(func(c *fakeChild) { c.refuse = nil })
		if err := w.Abort().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		w.expect(t, states.Stopped)
	})
}

func TestForewarningConcernsLivingChildrenOnly(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.Forewarn()
		if w.Status().Forewarned {
			t.Error("there is no child")
		}
		w.expect(t, states.Stopped)
	})
}

func TestWhoGivesUpWaitingTakesNothingBack(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		a := w.Start("p", true)
		cancel()
		if err := a.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		sleep(2 * time.Second)
		w.expect(t, states.Running)
	})
}

func TestRequestsToAProcessThatIsGone(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		p := New(w.Options)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p.Run(ctx)
		if err := p.Start("p", true).Wait(t.Context()); !hasCode(err, faults.BadName) {
			t.Errorf("got %v", err)
		}
	})
}

func sameFault(err error, want *faults.Error) bool {
	var f *faults.Error
	return errors.As(err, &f) && *f == *want
}

func hasCode(err error, code faults.Code) bool {
	var f *faults.Error
	return errors.As(err, &f) && f.Code == code
}
