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
	"supervisor/supervisord/system/descriptors"
	"supervisor/supervisord/system/notify"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testMonitor is a monitor and the processes that it watches, in a synctest bubble.
type testMonitor struct {
	*Monitor
	t          *testing.T
	log        testkit.Log
	started    time.Time
	exitReason string // passed to ExitWith

	mu     sync.Mutex
	probe  func(ctx context.Context, name string) error
	probed []string // "name at time"
	pids   int
	stop   func()
	// earlyMessage is what a child sends before its owner knows its pid.
	earlyMessage string
}

// fakeChild ends on every signal.
type fakeChild struct {
	pid     int
	exits   chan spawn.Exit
	mu      sync.Mutex
	signals []syscall.Signal
}

func (c *fakeChild) Pid() int                        { return c.pid }
func (c *fakeChild) Identity() spawn.ProcessIdentity { return spawn.ProcessIdentity{} }
func (c *fakeChild) HandOver() (spawn.ChildState, [3]int, error) {
	return spawn.ChildState{}, [3]int{-1, -1, -1}, nil
}
func (c *fakeChild) DaemonisedPID() int        { return 0 }
func (c *fakeChild) Exited() <-chan spawn.Exit { return c.exits }
func (c *fakeChild) Write([]byte) error        { return nil }
func (c *fakeChild) Signal(sig syscall.Signal, _ bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signals = append(c.signals, sig)
	if sig == syscall.SIGTERM {
		select {
		case c.exits <- spawn.Exit{Code: 0}:
		default:
		}
	}
	return nil
}

// Spawn implements process.Spawner.
func (w *testMonitor) Spawn(*spawn.Spec) (spawn.Child, error) {
	w.mu.Lock()
	w.pids++
	c := &fakeChild{pid: 1000 + w.pids, exits: make(chan spawn.Exit, 1)}
	says := w.earlyMessage
	w.mu.Unlock()
	if says != "" {
		m, _ := notify.Parse([]byte(says))
		w.messages <- notify.Received{Name: socketName("web"), Message: m, From: &notify.Sender{PID: c.pid, UID: os.Geteuid()}}
		w.messages <- notify.Received{Name: socketName("nobody")} // received once the other one has been handled
	}
	return c, nil
}

// Adopt implements process.Spawner.
func (w *testMonitor) Adopt(o *spawn.Orphan, _ *spawn.Spec) (spawn.Child, error) {
	return &fakeChild{pid: o.PID, exits: make(chan spawn.Exit, 1)}, nil
}

func withMonitor(t *testing.T, test func(*testMonitor)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &testMonitor{t: t, started: time.Now()}
		w.log.Level = slog.LevelInfo
		w.probe = func(context.Context, string) error { return nil }
		w.Monitor = New(Options{
			Log: w.log.Logger(), Random: func() float64 { return 0.5 },
			ExitWith: func(reason string, code int) { w.exitReason = fmt.Sprintf("%d: %s", code, reason) },
			Probe: func(ctx context.Context, p *process.Process, about config.Probe) error {
				w.mu.Lock()
				w.probed = append(w.probed, fmt.Sprintf("%s at %s", p.FullName(), time.Since(w.started)))
				answer := w.probe
				w.mu.Unlock()
				return answer(ctx, p.FullName())
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { w.Run(ctx) })
		w.stop = func() { cancel(); all.Wait() }
		defer func() { w.stop() }()
		test(w)
	})
}

// setProbe sets the result of later probes.
func (w *testMonitor) setProbe(f func(ctx context.Context, name string) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.probe = f
}

func (w *testMonitor) fail(text string) {
	w.setProbe(func(context.Context, string) error { return errors.New(text) })
}

func (w *testMonitor) succeed() { w.setProbe(func(context.Context, string) error { return nil }) }

// takeProbed returns the probes since the last call.
func (w *testMonitor) takeProbed() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	probed := w.probed
	w.probed = nil
	return probed
}

var tcpProbe = config.Probe{Text: "tcp://x:1", Kind: config.TCPProbe, Address: "x:1"}

func program(name string) *config.Process {
	c := &config.Process{
		Name: name, Group: name, Program: name, Command: os.Args[0], Umask: -1,
		Autorestart: config.RestartUnexpected, StartSecs: 1, StartRetries: 3,
		ExitCodes: []int{0}, StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
	}
	c.Configured = true
	return c
}

// readyProgram has ready=, healthProgram health=.
func readyProgram(p config.Probe) *config.Process {
	c := program("web")
	c.Ready = config.Readiness{Probe: p, Timeout: time.Minute, Interval: time.Second}
	return c
}

func healthProgram(p config.Probe) *config.Process {
	c := program("web")
	c.Health = config.Health{Probe: p, Interval: 10 * time.Second, Timeout: 2 * time.Second, Failures: 3}
	return c
}

// add makes a process and starts it.
func (w *testMonitor) add(c *config.Process) *process.Process {
	w.t.Helper()
	o := process.Options{Config: c, Spawner: w, Events: &events.Bus{}, Log: w.log.Logger(), Changed: w.Changed}
	if w.earlyMessage != "" {
		o.Providers = []process.Provider{noSocketProvider{w.Provider(c)}}
	}
	p := process.New(o)
	ctx, cancel := context.WithCancel(w.t.Context())
	ran := make(chan struct{})
	go func() { defer close(ran); p.Run(ctx) }()
	end := w.stop
	w.stop = func() { cancel(); <-ran; end() }
	if err := p.Start(c.Name, false).Wait(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *testMonitor) expect(p *process.Process, want states.Process) {
	w.t.Helper()
	synctest.Wait()
	if got := p.Status().State; got != want {
		w.t.Fatalf("%s is %s, want %s", p.FullName(), got, want)
	}
}

// expectLogged counts the lines of the log with this text.
func (w *testMonitor) expectLogged(text string, want int) {
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

func TestReadinessProbeBackoff(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		w.fail("connection refused")
		p := w.add(readyProgram(tcpProbe))
		sleep(5 * time.Second)
		w.expect(p, states.Starting)
		want := []string{
			"web at 50ms", "web at 100ms", "web at 200ms", "web at 400ms", "web at 800ms", "web at 1.6s",
			"web at 2.6s", "web at 3.6s", "web at 4.6s",
		}
		if got := w.takeProbed(); !slices.Equal(got, want) {
			t.Errorf("asked %v, want %v", got, want)
		}
		if st := p.Status(); st.NotReadyReason != "connection refused" {
			t.Errorf("not yet: %q", st.NotReadyReason)
		}
		w.succeed()
		sleep(time.Second)
		w.expect(p, states.Running)
		w.takeProbed()
		sleep(time.Hour)
		if got := w.takeProbed(); got != nil {
			t.Errorf("asked %v", got)
		}
	})
}

func TestQuickProgramIsRunningAfterStartsecs(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		p := w.add(readyProgram(tcpProbe))
		sleep(999 * time.Millisecond)
		w.expect(p, states.Starting)
		sleep(time.Millisecond)
		w.expect(p, states.Running)
	})
}

func TestNeverReadyIsRestarted(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		w.fail("http 503 from http://x/")
		p := w.add(readyProgram(tcpProbe))
		sleep(70 * time.Second)
		if p.Status().PID != 1002 {
			t.Errorf("pid %d", p.Status().PID)
		}
		w.succeed()
		sleep(2 * time.Second)
		w.expect(p, states.Running)
		w.expectLogged("not ready within 60 seconds (http 503 from http://x/)", 1)
	})
}

func TestUnhealthyIsLoggedOnceAndRestarted(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		p := w.add(healthProgram(tcpProbe))
		sleep(10 * time.Second)
		if st := p.Status(); st.Health != process.Healthy {
			t.Errorf("%+v", st.ProbeResults)
		}
		first := p.Status().PID
		w.fail("http 500")
		sleep(20 * time.Second)
		if st := p.Status(); st.Health != process.Healthy || st.HealthFailure != "http 500" || st.PID != first {
			t.Errorf("%+v", st)
		}
		sleep(7 * time.Second)
		if st := p.Status(); st.PID == first || st.Health != process.HealthUnknown {
			t.Errorf("%+v", st)
		}
		w.expectLogged("unhealthy: web", 1)
		w.expectLogged("unhealthy: web (1001): http 500 (3 failures in a row); it is restarted", 1)
		if got := p.Status().Reason; got != "restarted by health: it was unhealthy (http 500)" {
			t.Errorf("reason %q", got)
		}
		w.succeed()
		sleep(time.Hour)
		w.expectLogged("unhealthy", 1)
		w.expect(p, states.Running)
	})
}

// TestDescriptorShortageIsNoFailure: a probe that fails because the daemon is
// short of descriptors says nothing about the program.
func TestDescriptorShortageIsNoFailure(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		p := w.add(healthProgram(tcpProbe))
		sleep(10 * time.Second)
		before := *p.Status()
		w.setProbe(func(context.Context, string) error {
			return fmt.Errorf("run x: %w", &spawn.PipeError{Err: syscall.EMFILE})
		})
		sleep(time.Hour)
		if st := p.Status(); st.PID != before.PID || st.Health != process.Healthy || st.HealthFailure != "" {
			t.Errorf("%+v", st)
		}
		w.fail("http 500")
		sleep(29 * time.Second)
		w.expectLogged("unhealthy", 1)
	})
}

func TestRecovery(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		c := healthProgram(tcpProbe)
		c.Health.Action = config.HealthNone
		p := w.add(c)
		w.fail("http 500")
		sleep(5 * time.Minute)
		if st := p.Status(); st.Health != process.Unhealthy || st.HealthFailure != "http 500" || st.State != states.Running {
			t.Errorf("%+v", st)
		}
		w.expectLogged("nothing is done", 1)
		w.succeed()
		sleep(10 * time.Second)
		if st := p.Status(); st.Health != process.Healthy || st.HealthFailure != "" {
			t.Errorf("%+v", st.ProbeResults)
		}
		w.expectLogged("healthy: web (1001) again, after", 1)
	})
}

func TestFailuresBelowThreshold(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		p := w.add(healthProgram(tcpProbe))
		n := 0
		w.setProbe(func(context.Context, string) error {
			if n++; n%3 != 0 {
				return errors.New("http 500")
			}
			return nil
		})
		sleep(time.Hour)
		if st := p.Status(); st.PID != 1001 {
			t.Errorf("%+v", st)
		}
		w.expectLogged("unhealthy", 0)
	})
}

func TestHealthActions(t *testing.T) {
	for name, tt := range map[string]struct {
		set   func(*config.Health)
		check func(*testing.T, *testMonitor, *process.Process)
	}{
		"stop": {func(h *config.Health) { h.Action = config.HealthStop }, func(t *testing.T, w *testMonitor, p *process.Process) {
			w.expect(p, states.Stopped)
			if got := p.Status().Reason; got != "stopped by health" {
				t.Errorf("reason %q", got)
			}
		}},
		"signal": {func(h *config.Health) { h.Action, h.Signal = config.HealthSignal, syscall.SIGUSR1 }, func(t *testing.T, w *testMonitor, p *process.Process) {
			w.expect(p, states.Running)
			if got := p.Status().Child.(*fakeChild).signals; !slices.Equal(got, []syscall.Signal{syscall.SIGUSR1}) {
				t.Errorf("signals %v", got)
			}
		}},
		"exit": {func(h *config.Health) { h.Action = config.HealthExit }, func(t *testing.T, w *testMonitor, p *process.Process) {
			if w.exitReason != "1: web is unhealthy: http 500" {
				t.Errorf("given up: %q", w.exitReason)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			withMonitor(t, func(w *testMonitor) {
				c := healthProgram(tcpProbe)
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
	withMonitor(t, func(w *testMonitor) {
		c := healthProgram(tcpProbe)
		c.Health.StartPeriod = time.Minute
		w.add(c)
		sleep(2 * time.Minute)
		if got := w.takeProbed(); got[0] != "web at 1m6s" || got[1] != "web at 1m16s" { // RUNNING, start period, half an interval
			t.Errorf("asked %v", got)
		}
	})
}

// TestProbesAreSpread: a thousand programs that start together.
func TestProbesAreSpread(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		n := 0.0
		w.Random = func() float64 { n++; return n / 1000 }
		for i := range 1000 {
			c := healthProgram(tcpProbe)
			c.Name = fmt.Sprintf("web%d", i)
			w.add(c)
		}
		sleep(12 * time.Second)
		at := map[string]int{}
		for _, a := range w.takeProbed() {
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

// TestHungProbeDoesNotBlockOthers: each has its own time limit.
func TestHungProbeDoesNotBlockOthers(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		w.setProbe(func(ctx context.Context, name string) error {
			if name == "web" {
				<-ctx.Done()
				return fmt.Errorf("no answer: %w", ctx.Err())
			}
			return nil
		})
		hung := w.add(healthProgram(tcpProbe))
		c := readyProgram(tcpProbe)
		c.Name, c.Group = "other", "other"
		other := w.add(c)
		sleep(time.Second)
		w.expect(other, states.Running)
		sleep(40 * time.Second)
		if st := hung.Status(); st.PID != 1003 {
			t.Errorf("%+v", st)
		}
		w.expectLogged("no answer: context deadline exceeded (3 failures in a row)", 1)
	})
}

// TestNoProbesAfterExit: timers and probes end with the child.
func TestNoProbesAfterExit(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		cancelled := 0
		w.setProbe(func(ctx context.Context, _ string) error {
			<-ctx.Done()
			cancelled++
			return context.Cause(ctx)
		})
		c := healthProgram(tcpProbe)
		c.Health.Timeout = time.Hour
		p := w.add(c)
		sleep(10 * time.Second)
		if err := p.Stop("web", true).Wait(w.t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if cancelled != 1 {
			t.Errorf("%d questions have ended", cancelled)
		}
		w.takeProbed()
		sleep(time.Hour)
		if got := w.takeProbed(); got != nil || len(w.timers) != 0 {
			t.Errorf("asked %v", got)
		}
	})
}

func (w *testMonitor) sendMessage(p *process.Process, text string) {
	m, _ := notify.Parse([]byte(text))
	w.messages <- notify.Received{Name: socketName(p.FullName()), Message: m, From: &notify.Sender{PID: p.Status().PID, UID: os.Geteuid()}}
	synctest.Wait()
}

var notifyProbe = config.Probe{Text: "notify", Kind: config.NotifyProbe}

func TestNotify(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		p := w.add(readyProgram(notifyProbe))
		sleep(5 * time.Second)
		w.expect(p, states.Starting)
		if st := p.Status(); st.NotReadyReason != "it has not said READY=1 yet" {
			t.Errorf("%+v", st.ProbeResults)
		}
		w.sendMessage(p, "STATUS=Loading \x1b[31m50%")
		if st := p.Status(); st.NotReadyReason != `Loading \x1b[31m50%` {
			t.Errorf("%+v", st.ProbeResults)
		}
		sleep(50 * time.Second)
		w.sendMessage(p, "EXTEND_TIMEOUT_USEC=30000000")
		sleep(20 * time.Second)
		w.expect(p, states.Starting)
		w.sendMessage(p, "READY=1\nSTATUS=Serving\nMAINPID=77\nERRNO=2")
		w.expect(p, states.Running)
		w.sendMessage(p, "RELOADING=1\nMONOTONIC_USEC=5")
		if n := w.NotifyState(p); n != (NotifyState{Status: "Serving", MainPID: 77, Errno: 2, Reloading: true}) {
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
		w.sendMessage(p, "READY=1")
		if w.NotifyState(p).Reloading {
			t.Error("it is still reloading")
		}
		if err := p.Stop("web", true).Wait(w.t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if w.NotifyState(p) != (NotifyState{}) || w.Explain(p) != nil {
			t.Errorf("of the dead: %+v", w.NotifyState(p))
		}
	})
}

// noSocketProvider is a provider without a real socket, which a bubble can't have.
type noSocketProvider struct{ process.Provider }

func (p noSocketProvider) Provide() (process.Provision, error) {
	p.Provider.(*provider).takeEarly()
	return process.Provision{}, nil
}

// TestEarlyMessages: a child may send before Changed is called for it, the first
// child of a process and any later one.
func TestEarlyMessages(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		w.earlyMessage = "READY=1\nSTATUS=at once"
		p := w.add(readyProgram(notifyProbe))
		for range 3 {
			sleep(2 * time.Second)
			w.expect(p, states.Running)
			if n := w.NotifyState(p); n.Status != "at once" {
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

// TestLastStatusWins: a child may send more than its owner has time to handle, and
// all of it before Changed is called for it.
func TestLastStatusWins(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		w.earlyMessage = "STATUS=at once"
		p := w.add(readyProgram(notifyProbe))
		sleep(time.Second)
		if got := p.Status().NotReadyReason; got != "at once" {
			t.Errorf("it waits for: %q", got)
		}
		for i := range 100 {
			m, _ := notify.Parse(fmt.Appendf(nil, "STATUS=%d of 100", i+1))
			w.messages <- notify.Received{Name: socketName("web"), Message: m, From: &notify.Sender{PID: p.Status().PID, UID: os.Geteuid()}}
		}
		sleep(time.Second)
		if got := p.Status().NotReadyReason; got != "100 of 100" {
			t.Errorf("it waits for: %q", got)
		}
	})
}

// TestForeignSendersAreIgnored: neither another process nor a descendant of
// the last child makes a program ready.
func TestForeignSendersAreIgnored(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		w.log.Level = slog.LevelDebug
		p := w.add(readyProgram(notifyProbe))
		w.messages <- notify.Received{Name: socketName("web"), Message: notify.Message{Ready: true}, From: &notify.Sender{PID: 1, UID: -1}}
		sleep(2 * time.Second)
		w.expect(p, states.Starting)
		w.expectLogged("ignored: what process 1 says to web", 1)
		w.messages <- notify.Received{Name: socketName("nobody"), Message: notify.Message{Ready: true}, From: &notify.Sender{PID: p.Status().PID}}
		sleep(2 * time.Second)
		w.expect(p, states.Starting)
	})
}

func TestWatchdog(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		c := healthProgram(notifyProbe)
		c.Ready = readyProgram(notifyProbe).Ready
		p := w.add(c)
		w.sendMessage(p, "READY=1")
		sleep(time.Second)
		for range 100 {
			sleep(9 * time.Second)
			w.sendMessage(p, "WATCHDOG=1")
		}
		w.expect(p, states.Running)
		if st := p.Status(); st.PID != 1001 || st.Health != process.Healthy {
			t.Fatalf("%+v", st)
		}
		w.sendMessage(p, "WATCHDOG_USEC=2000000")
		sleep(5 * time.Second)
		if st := p.Status(); st.PID != 1001 || st.HealthFailure == "" {
			t.Fatalf("%+v", st)
		}
		sleep(time.Second)
		w.expectLogged("unhealthy: web (1001): no WATCHDOG=1 for 6s (3 failures in a row); it is restarted", 1)
		synctest.Wait()
		if st := p.Status(); st.PID != 1002 {
			t.Fatalf("%+v", st)
		}
		w.sendMessage(p, "READY=1")
		sleep(2 * time.Second)
		w.sendMessage(p, "WATCHDOG=trigger")
		if st := p.Status(); st.PID != 1003 {
			t.Fatalf("%+v", st)
		}
		w.expectLogged("it says so itself (WATCHDOG=trigger)", 1)
		w.sendMessage(p, "READY=1")
		sleep(2 * time.Second)
		w.sendMessage(p, "STOPPING=1") // it need not send WATCHDOG=1 any more
		sleep(time.Hour)
		if st := p.Status(); st.PID != 1003 || st.State != states.Running {
			t.Fatalf("%+v", st)
		}
	})
}

func TestFDReadiness(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		p := w.add(readyProgram(config.Probe{Kind: config.FDProbe, FD: 4}))
		sleep(2 * time.Second)
		if st := p.Status(); st.NotReadyReason != "no line on descriptor 4 yet" {
			t.Errorf("%+v", st.ProbeResults)
		}
		w.messages <- notify.Received{Name: pipeName("web"), Closed: true}
		synctest.Wait()
		if st := p.Status(); st.NotReadyReason != "descriptor 4 was closed without a line" {
			t.Errorf("%+v", st.ProbeResults)
		}
		w.messages <- notify.Received{Name: pipeName("web"), Message: notify.Message{Ready: true}}
		w.expect(p, states.Running)
	})
}

// TestHandOver: another monitor goes on with the same child.
func TestHandOver(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		c := readyProgram(notifyProbe)
		p := w.add(c)
		w.sendMessage(p, "READY=1\nSTATUS=Serving")
		sleep(2 * time.Second)
		w.expect(p, states.Running)
		w.stop()
		w.stop = func() {}
		set := descriptors.Set{}
		state := w.HandOver(set)
		if len(state.Endpoints) != 0 || len(state.Children) != 1 || state.Children["web"].Note.Status != "Serving" {
			t.Fatalf("%+v", state)
		}
		next := New(Options{Log: w.log.Logger()})
		if err := next.Restore(state, set); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(w.t.Context())
		var ran sync.WaitGroup
		ran.Go(func() { next.Run(ctx) })
		q := process.New(process.Options{Config: c, Spawner: w, Events: &events.Bus{}, Log: w.log.Logger(), Changed: next.Changed})
		ran.Go(func() { q.Run(ctx) })
		saved := *p.Status()
		q.Adopt(&process.Saved{State: process.State{Status: saved.Status}, HandedOver: true})
		synctest.Wait()
		if st := q.Status(); !st.Ready || st.State != states.Running || next.NotifyState(q).Status != "Serving" {
			t.Errorf("%+v, %+v", st, next.NotifyState(q))
		}
		cancel()
		ran.Wait()
	})
}

// TestRemovedProcesses are forgotten, but not those that take their names.
func TestRemovedProcesses(t *testing.T) {
	withMonitor(t, func(w *testMonitor) {
		run := func(c *config.Process) (*process.Process, func()) {
			_ = w.Provider(c)
			o := process.Options{Config: c, Spawner: w, Events: &events.Bus{}, Log: w.log.Logger(), Changed: w.Changed}
			if w.earlyMessage != "" {
				o.Providers = []process.Provider{noSocketProvider{w.Provider(c)}}
			}
			p := process.New(o)
			ctx, cancel := context.WithCancel(w.t.Context())
			ran := make(chan struct{})
			go func() { defer close(ran); p.Run(ctx) }()
			p.Start(c.Name, false)
			synctest.Wait()
			return p, func() { // as the supervisor removes it
				cancel()
				<-ran
				w.Changed(p)
				synctest.Wait()
			}
		}
		_, endFirst := run(readyProgram(notifyProbe))
		endFirst()
		second, endSecond := run(readyProgram(notifyProbe))
		defer endSecond()
		c := readyProgram(notifyProbe)
		c.Name, c.Group = "other", "other"
		_, endThird := run(c)
		endThird()
		c = readyProgram(tcpProbe)
		c.Name, c.Group = "last", "last"
		_, endLast := run(c)
		defer endLast()
		if len(w.watched) != 2 || len(w.providers) != 1 || w.byName["web"] == nil || w.byName["web"].p != second {
			t.Errorf("%d subjects, %d ears", len(w.watched), len(w.providers))
		}
	})
}
