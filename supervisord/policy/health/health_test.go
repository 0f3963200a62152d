package health

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

	"go.uber.org/goleak"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/notify"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a monitor and the processes that it watches, in a bubble of virtual time.
type world struct {
	*Monitor
	t     *testing.T
	log   testkit.Log
	begun time.Time
	gave  string // what GiveUp was told

	mu     sync.Mutex
	answer func(ctx context.Context, name string) error
	asked  []string // "name at time"
	pids   int
	end    func()
	// firstWords is what a child says before its owner knows its pid, by a socket.
	firstWords string
}

// child obeys every signal.
type child struct {
	pid   int
	exits chan spawn.Exit
	mu    sync.Mutex
	got   []syscall.Signal
}

func (c *child) Pid() int                         { return c.pid }
func (c *child) Traces() spawn.Traces             { return spawn.Traces{} }
func (c *child) Bequeath() (spawn.Bequest, error) { return spawn.Bequest{}, nil }
func (c *child) Heir() int                        { return 0 }
func (c *child) Exited() <-chan spawn.Exit        { return c.exits }
func (c *child) Write([]byte) error               { return nil }
func (c *child) Signal(sig syscall.Signal, _ bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, sig)
	if sig == syscall.SIGTERM {
		select {
		case c.exits <- spawn.Exit{Code: 0}:
		default:
		}
	}
	return nil
}

// Spawn implements process.Spawner.
func (w *world) Spawn(*spawn.Spec) (spawn.Child, error) {
	w.mu.Lock()
	w.pids++
	c := &child{pid: 1000 + w.pids, exits: make(chan spawn.Exit, 1)}
	says := w.firstWords
	w.mu.Unlock()
	if says != "" {
		m, _ := notify.Parse([]byte(says))
		w.said <- notify.Heard{Name: socketName("web"), Message: m, From: &notify.Sender{PID: c.pid, UID: os.Geteuid()}}
		w.said <- notify.Heard{Name: socketName("nobody")} // is taken when the other has been dealt with
	}
	return c, nil
}

// Adopt implements process.Spawner.
func (w *world) Adopt(o *spawn.Orphan, _ *spawn.Spec) (spawn.Child, error) {
	return &child{pid: o.PID, exits: make(chan spawn.Exit, 1)}, nil
}

func inWorld(t *testing.T, test func(*world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, begun: time.Now()}
		w.log.Level = slog.LevelInfo
		w.answer = func(context.Context, string) error { return nil }
		w.Monitor = New(Options{
			Log: w.log.Logger(), Dice: func() float64 { return 0.5 },
			GiveUp: func(cause string, code int) { w.gave = fmt.Sprintf("%d: %s", code, cause) },
			Ask: func(ctx context.Context, p *process.Process, about config.Probe) error {
				w.mu.Lock()
				w.asked = append(w.asked, fmt.Sprintf("%s at %s", p.FullName(), time.Since(w.begun)))
				answer := w.answer
				w.mu.Unlock()
				return answer(ctx, p.FullName())
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { w.Run(ctx) })
		w.end = func() { cancel(); all.Wait() }
		defer func() { w.end() }()
		test(w)
	})
}

// answers changes what probes come to from now on.
func (w *world) answers(f func(ctx context.Context, name string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = f
}

func (w *world) fail(text string) {
	w.answers(func(context.Context, string) error { return errors.New(text) })
}

func (w *world) succeed() { w.answers(func(context.Context, string) error { return nil }) }

// takeAsked returns what has been asked since the last time.
func (w *world) takeAsked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return asked
}

var tcp = config.Probe{Text: "tcp://x:1", Kind: config.TCPProbe, Address: "x:1"}

func plain(name string) *config.Process {
	c := &config.Process{
		Name: name, Group: name, Program: name, Command: os.Args[0], Umask: -1,
		Autorestart: config.RestartUnexpected, StartSecs: 1, StartRetries: 3,
		ExitCodes: []int{0}, StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
	}
	c.Configured = true
	return c
}

// ready is a program that has to be ready, healthy one that has to be well.
func ready(p config.Probe) *config.Process {
	c := plain("web")
	c.Ready = config.Readiness{Probe: p, Timeout: time.Minute, Interval: time.Second}
	return c
}

func healthy(p config.Probe) *config.Process {
	c := plain("web")
	c.Health = config.Health{Probe: p, Interval: 10 * time.Second, Timeout: 2 * time.Second, Failures: 3}
	return c
}

// add makes a process and starts it.
func (w *world) add(c *config.Process) *process.Process {
	w.t.Helper()
	o := process.Options{Config: c, Spawner: w, Events: &events.Bus{}, Log: w.log.Logger(), Changed: w.Changed}
	if w.firstWords != "" {
		o.Providers = []process.Provider{told{w.Provider(c)}}
	}
	p := process.New(o)
	ctx, cancel := context.WithCancel(w.t.Context())
	ran := make(chan struct{})
	go func() { defer close(ran); p.Run(ctx) }()
	end := w.end
	w.end = func() { cancel(); <-ran; end() }
	if err := p.Start(c.Name, false).Wait(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) expect(p *process.Process, want states.Process) {
	w.t.Helper()
	synctest.Wait()
	if got := p.Status().State; got != want {
		w.t.Fatalf("%s is %s, want %s", p.FullName(), got, want)
	}
}

// logged counts the lines of the log with this text.
func (w *world) logged(text string, want int) {
	w.t.Helper()
	n := 0
	for _, line := range w.log.Lines() {
		if strings.Contains(line, text) {
			n++
		}
	}
	if n != want {
		w.t.Errorf("%q is logged %d times, want %d:\n%s", text, n, want, strings.Join(w.log.Lines(), "\n"))
	}
}

func TestReadinessIsAskedForEverLessOften(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fail("connection refused")
		p := w.add(ready(tcp))
		sleep(5 * time.Second)
		w.expect(p, states.Starting)
		want := []string{
			"web at 50ms", "web at 100ms", "web at 200ms", "web at 400ms", "web at 800ms", "web at 1.6s",
			"web at 2.6s", "web at 3.6s", "web at 4.6s",
		}
		if got := w.takeAsked(); !slices.Equal(got, want) {
			t.Errorf("asked %v, want %v", got, want)
		}
		if st := p.Status(); st.NotYet != "connection refused" {
			t.Errorf("not yet: %q", st.NotYet)
		}
		w.succeed()
		sleep(time.Second)
		w.expect(p, states.Running)
		w.takeAsked()
		sleep(time.Hour)
		if got := w.takeAsked(); got != nil {
			t.Errorf("asked %v", got)
		}
	})
}

func TestQuickProgramIsRunningAfterStartsecs(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.add(ready(tcp))
		sleep(999 * time.Millisecond)
		w.expect(p, states.Starting)
		sleep(time.Millisecond)
		w.expect(p, states.Running)
	})
}

func TestWhatIsNeverReadyIsTriedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fail("http 503 from http://x/")
		p := w.add(ready(tcp))
		sleep(70 * time.Second)
		if p.Status().PID != 1002 {
			t.Errorf("pid %d", p.Status().PID)
		}
		w.succeed()
		sleep(2 * time.Second)
		w.expect(p, states.Running)
		w.logged("not ready within 60 seconds (http 503 from http://x/)", 1)
	})
}

func TestIllnessIsToldOnceAndCuredByARestart(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.add(healthy(tcp))
		sleep(10 * time.Second)
		if st := p.Status(); st.Health != process.Healthy {
			t.Errorf("%+v", st.Vitals)
		}
		first := p.Status().PID
		w.fail("http 500")
		sleep(20 * time.Second)
		if st := p.Status(); st.Health != process.Healthy || st.Ill != "http 500" || st.PID != first {
			t.Errorf("%+v", st)
		}
		sleep(7 * time.Second)
		if st := p.Status(); st.PID == first || st.Health != process.NoVerdict {
			t.Errorf("%+v", st)
		}
		w.logged("unhealthy: web", 1)
		w.logged("unhealthy: web (1001): http 500 (3 failures in a row); it is restarted", 1)
		if got := p.Status().Reason; got != "restarted by health: it was unhealthy (http 500)" {
			t.Errorf("reason %q", got)
		}
		w.succeed()
		sleep(time.Hour)
		w.logged("unhealthy", 1)
		w.expect(p, states.Running)
	})
}

// TestWantOfDescriptorsIsNoIllness: a probe that can't be made for want of the
// daemon's descriptors tells nothing of the program.
func TestWantOfDescriptorsIsNoIllness(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.add(healthy(tcp))
		sleep(10 * time.Second)
		before := *p.Status()
		w.answers(func(context.Context, string) error {
			return fmt.Errorf("run x: %w", &spawn.PipeError{Err: syscall.EMFILE})
		})
		sleep(time.Hour)
		if st := p.Status(); st.PID != before.PID || st.Health != process.Healthy || st.Ill != "" {
			t.Errorf("%+v", st)
		}
		w.fail("http 500")
		sleep(29 * time.Second)
		w.logged("unhealthy", 1)
	})
}

func TestRecovery(t *testing.T) {
	inWorld(t, func(w *world) {
		c := healthy(tcp)
		c.Health.Action = config.HealthNone
		p := w.add(c)
		w.fail("http 500")
		sleep(5 * time.Minute)
		if st := p.Status(); st.Health != process.Unhealthy || st.Ill != "http 500" || st.State != states.Running {
			t.Errorf("%+v", st)
		}
		w.logged("nothing is done", 1)
		w.succeed()
		sleep(10 * time.Second)
		if st := p.Status(); st.Health != process.Healthy || st.Ill != "" {
			t.Errorf("%+v", st.Vitals)
		}
		w.logged("healthy: web (1001) again, after", 1)
	})
}

func TestOneFailureIsNoIllness(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.add(healthy(tcp))
		n := 0
		w.answers(func(context.Context, string) error {
			if n++; n%3 != 0 {
				return errors.New("http 500")
			}
			return nil
		})
		sleep(time.Hour)
		if st := p.Status(); st.PID != 1001 {
			t.Errorf("%+v", st)
		}
		w.logged("unhealthy", 0)
	})
}

func TestOtherActions(t *testing.T) {
	for name, tt := range map[string]struct {
		set   func(*config.Health)
		check func(*testing.T, *world, *process.Process)
	}{
		"stop": {func(h *config.Health) { h.Action = config.HealthStop }, func(t *testing.T, w *world, p *process.Process) {
			w.expect(p, states.Stopped)
			if got := p.Status().Reason; got != "stopped by health" {
				t.Errorf("reason %q", got)
			}
		}},
		"signal": {func(h *config.Health) { h.Action, h.Signal = config.HealthSignal, syscall.SIGUSR1 }, func(t *testing.T, w *world, p *process.Process) {
			w.expect(p, states.Running)
			if got := p.Status().Child.(*child).got; !slices.Equal(got, []syscall.Signal{syscall.SIGUSR1}) {
				t.Errorf("signals %v", got)
			}
		}},
		"exit": {func(h *config.Health) { h.Action = config.HealthExit }, func(t *testing.T, w *world, p *process.Process) {
			if w.gave != "1: web is unhealthy: http 500" {
				t.Errorf("given up: %q", w.gave)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				c := healthy(tcp)
				tt.set(&c.Health)
				w.fail("http 500")
				p := w.add(c)
				sleep(5 * time.Minute)
				tt.check(t, w, p)
			})
		})
	}
}

func TestStartPeriodAndJitter(t *testing.T) {
	inWorld(t, func(w *world) {
		c := healthy(tcp)
		c.Health.StartPeriod = time.Minute
		w.add(c)
		sleep(2 * time.Minute)
		if got := w.takeAsked(); got[0] != "web at 1m6s" || got[1] != "web at 1m16s" { // RUNNING, start period, half an interval
			t.Errorf("asked %v", got)
		}
	})
}

// TestManyDontAskAtOnce: a thousand programs that start together.
func TestManyDontAskAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		n := 0.0
		w.Dice = func() float64 { n++; return n / 1000 }
		for i := range 1000 {
			c := healthy(tcp)
			c.Name = fmt.Sprintf("web%d", i)
			w.add(c)
		}
		sleep(12 * time.Second)
		at := map[string]int{}
		for _, a := range w.takeAsked() {
			_, when, _ := strings.Cut(a, " at ")
			at[when]++
		}
		for when, n := range at {
			if n > 2 {
				t.Errorf("%d are asked at %s", n, when)
			}
		}
	})
}

// TestOneThatHangsHoldsNobodyUp: each has its own time limit.
func TestOneThatHangsHoldsNobodyUp(t *testing.T) {
	inWorld(t, func(w *world) {
		w.answers(func(ctx context.Context, name string) error {
			if name == "web" {
				<-ctx.Done()
				return fmt.Errorf("no answer: %w", ctx.Err())
			}
			return nil
		})
		hung := w.add(healthy(tcp))
		c := ready(tcp)
		c.Name, c.Group = "other", "other"
		other := w.add(c)
		sleep(time.Second)
		w.expect(other, states.Running)
		sleep(40 * time.Second)
		if st := hung.Status(); st.PID != 1003 {
			t.Errorf("%+v", st)
		}
		w.logged("no answer: context deadline exceeded (3 failures in a row)", 1)
	})
}

// TestNothingIsAskedOfTheDead: with a child all timers and questions end.
func TestNothingIsAskedOfTheDead(t *testing.T) {
	inWorld(t, func(w *world) {
		ended := 0
		w.answers(func(ctx context.Context, _ string) error {
			<-ctx.Done()
			ended++
			return context.Cause(ctx)
		})
		c := healthy(tcp)
		c.Health.Timeout = time.Hour
		p := w.add(c)
		sleep(10 * time.Second)
		if err := p.Stop("web", true).Wait(w.t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if ended != 1 {
			t.Errorf("%d questions have ended", ended)
		}
		w.takeAsked()
		sleep(time.Hour)
		if got := w.takeAsked(); got != nil || len(w.agenda) != 0 {
			t.Errorf("asked %v", got)
		}
	})
}

func (w *world) say(p *process.Process, text string) {
	m, _ := notify.Parse([]byte(text))
	w.said <- notify.Heard{Name: socketName(p.FullName()), Message: m, From: &notify.Sender{PID: p.Status().PID, UID: os.Geteuid()}}
	synctest.Wait()
}

var notifies = config.Probe{Text: "notify", Kind: config.NotifyProbe}

func TestNotifyingProgram(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.add(ready(notifies))
		sleep(5 * time.Second)
		w.expect(p, states.Starting)
		if st := p.Status(); st.NotYet != "it has not said READY=1 yet" {
			t.Errorf("%+v", st.Vitals)
		}
		w.say(p, "STATUS=Loading \x1b[31m50%")
		if st := p.Status(); st.NotYet != `Loading \x1b[31m50%` {
			t.Errorf("%+v", st.Vitals)
		}
		sleep(50 * time.Second)
		w.say(p, "EXTEND_TIMEOUT_USEC=30000000")
		sleep(20 * time.Second)
		w.expect(p, states.Starting)
		w.say(p, "READY=1\nSTATUS=Serving\nMAINPID=77\nERRNO=2")
		w.expect(p, states.Running)
		w.say(p, "RELOADING=1\nMONOTONIC_USEC=5")
		if n := w.Note(p); n != (Note{Status: "Serving", MainPID: 77, Errno: 2, Reloading: true}) {
			t.Errorf("%+v", n)
		}
		texts := ""
		for _, c := range w.Explain(p) {
			texts += c.Text + "\n"
		}
		for _, want := range []string{"ready = notify: it is ready", "it says: Serving", "it is reloading, its main process is 77, it has failed: no such file"} {
			if !strings.Contains(texts, want) {
				t.Errorf("%q is not in\n%s", want, texts)
			}
		}
		w.say(p, "READY=1")
		if w.Note(p).Reloading {
			t.Error("it is still reloading")
		}
		if err := p.Stop("web", true).Wait(w.t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if w.Note(p) != (Note{}) || w.Explain(p) != nil {
			t.Errorf("of the dead: %+v", w.Note(p))
		}
	})
}

// told is a provider without what there is none of in a bubble: a real socket.
type told struct{ process.Provider }

func (p told) Provide() (process.Provision, error) {
	p.Provider.(*ear).takeEarly()
	return process.Provision{}, nil
}

// TestFirstWordsAreHeard: a child may be quicker than the news of it, the first one
// of a process and every other.
func TestFirstWordsAreHeard(t *testing.T) {
	inWorld(t, func(w *world) {
		w.firstWords = "READY=1\nSTATUS=at once"
		p := w.add(ready(notifies))
		for range 3 {
			sleep(2 * time.Second)
			w.expect(p, states.Running)
			if n := w.Note(p); n.Status != "at once" {
				t.Errorf("%+v", n)
			}
			if err := p.Stop("web", true).Wait(w.t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if err := p.Start("web", false).Wait(w.t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestLastStatusIsShown: a child may say more than its owner has time to hear, and
// all of it before there is news of the child.
func TestLastStatusIsShown(t *testing.T) {
	inWorld(t, func(w *world) {
		w.firstWords = "STATUS=at once"
		p := w.add(ready(notifies))
		sleep(time.Second)
		if got := p.Status().NotYet; got != "at once" {
			t.Errorf("it waits for: %q", got)
		}
		for i := range 100 {
			m, _ := notify.Parse(fmt.Appendf(nil, "STATUS=%d of 100", i+1))
			w.said <- notify.Heard{Name: socketName("web"), Message: m, From: &notify.Sender{PID: p.Status().PID, UID: os.Geteuid()}}
		}
		sleep(time.Second)
		if got := p.Status().NotYet; got != "100 of 100" {
			t.Errorf("it waits for: %q", got)
		}
	})
}

// TestStrangersAreIgnored: neither another process nor the last child's family
// makes a program ready.
func TestStrangersAreIgnored(t *testing.T) {
	inWorld(t, func(w *world) {
		w.log.Level = slog.LevelDebug
		p := w.add(ready(notifies))
		w.said <- notify.Heard{Name: socketName("web"), Message: notify.Message{Ready: true}, From: &notify.Sender{PID: 1, UID: -1}}
		sleep(2 * time.Second)
		w.expect(p, states.Starting)
		w.logged("ignored: what process 1 says to web", 1)
		w.said <- notify.Heard{Name: socketName("nobody"), Message: notify.Message{Ready: true}, From: &notify.Sender{PID: p.Status().PID}}
		sleep(2 * time.Second)
		w.expect(p, states.Starting)
	})
}

func TestWatchdog(t *testing.T) {
	inWorld(t, func(w *world) {
		c := healthy(notifies)
		c.Ready = ready(notifies).Ready
		p := w.add(c)
		w.say(p, "READY=1")
		sleep(time.Second)
		for range 100 {
			sleep(9 * time.Second)
			w.say(p, "WATCHDOG=1")
		}
		w.expect(p, states.Running)
		if st := p.Status(); st.PID != 1001 || st.Health != process.Healthy {
			t.Fatalf("%+v", st)
		}
		w.say(p, "WATCHDOG_USEC=2000000")
		sleep(5 * time.Second)
		if st := p.Status(); st.PID != 1001 || st.Ill == "" {
			t.Fatalf("%+v", st)
		}
		sleep(time.Second)
		w.logged("unhealthy: web (1001): no WATCHDOG=1 for 6s (3 failures in a row); it is restarted", 1)
		synctest.Wait()
		if st := p.Status(); st.PID != 1002 {
			t.Fatalf("%+v", st)
		}
		w.say(p, "READY=1")
		sleep(2 * time.Second)
		w.say(p, "WATCHDOG=trigger")
		if st := p.Status(); st.PID != 1003 {
			t.Fatalf("%+v", st)
		}
		w.logged("it says so itself (WATCHDOG=trigger)", 1)
		w.say(p, "READY=1")
		sleep(2 * time.Second)
		w.say(p, "STOPPING=1") // it need not say any more that it is alive
		sleep(time.Hour)
		if st := p.Status(); st.PID != 1003 || st.State != states.Running {
			t.Fatalf("%+v", st)
		}
	})
}

func TestProgramThatWritesToADescriptor(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.add(ready(config.Probe{Kind: config.FDProbe, FD: 4}))
		sleep(2 * time.Second)
		if st := p.Status(); st.NotYet != "no line on descriptor 4 yet" {
			t.Errorf("%+v", st.Vitals)
		}
		w.said <- notify.Heard{Name: pipeName("web"), Closed: true}
		synctest.Wait()
		if st := p.Status(); st.NotYet != "descriptor 4 was closed without a line" {
			t.Errorf("%+v", st.Vitals)
		}
		w.said <- notify.Heard{Name: pipeName("web"), Message: notify.Message{Ready: true}}
		w.expect(p, states.Running)
	})
}

// TestUpgrade: another monitor goes on with the same child.
func TestUpgrade(t *testing.T) {
	inWorld(t, func(w *world) {
		c := ready(notifies)
		p := w.add(c)
		w.say(p, "READY=1\nSTATUS=Serving")
		sleep(2 * time.Second)
		w.expect(p, states.Running)
		w.end()
		w.end = func() {}
		children, heard := w.Legacy()
		if len(heard) != 0 || len(children) != 1 || children["web"].Note.Status != "Serving" {
			t.Fatalf("%+v", children)
		}
		next := New(Options{Log: w.log.Logger()})
		if err := next.Resume(children, heard); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(w.t.Context())
		var ran sync.WaitGroup
		ran.Go(func() { next.Run(ctx) })
		q := process.New(process.Options{Config: c, Spawner: w, Events: &events.Bus{}, Log: w.log.Logger(), Changed: next.Changed})
		ran.Go(func() { q.Run(ctx) })
		past := *p.Status()
		past.Child = nil
		q.Adopt(&process.Estate{Child: spawn.Orphan{PID: past.PID}, Past: past, Handed: true})
		synctest.Wait()
		if st := q.Status(); !st.Ready || st.State != states.Running || next.Note(q).Status != "Serving" {
			t.Errorf("%+v, %+v", st, next.Note(q))
		}
		cancel()
		ran.Wait()
	})
}

// TestProcessesThatAreNoMore are forgotten, but not those that take their names.
func TestProcessesThatAreNoMore(t *testing.T) {
	inWorld(t, func(w *world) {
		run := func(c *config.Process) (*process.Process, func()) {
			_ = w.Provider(c)
			o := process.Options{Config: c, Spawner: w, Events: &events.Bus{}, Log: w.log.Logger(), Changed: w.Changed}
			if w.firstWords != "" {
				o.Providers = []process.Provider{told{w.Provider(c)}}
			}
			p := process.New(o)
			ctx, cancel := context.WithCancel(w.t.Context())
			ran := make(chan struct{})
			go func() { defer close(ran); p.Run(ctx) }()
			p.Start(c.Name, false)
			synctest.Wait()
			return p, func() { // as a supervisor removes it
				cancel()
				<-ran
				w.Changed(p)
				synctest.Wait()
			}
		}
		_, endFirst := run(ready(notifies))
		endFirst()
		second, endSecond := run(ready(notifies))
		defer endSecond()
		c := ready(notifies)
		c.Name, c.Group = "other", "other"
		_, endThird := run(c)
		endThird()
		c = ready(tcp)
		c.Name, c.Group = "last", "last"
		_, endLast := run(c)
		defer endLast()
		if len(w.subjects) != 2 || len(w.ears) != 1 || w.byName["web"] == nil || w.byName["web"].p != second {
			t.Errorf("%d subjects, %d ears", len(w.subjects), len(w.ears))
		}
	})
}
