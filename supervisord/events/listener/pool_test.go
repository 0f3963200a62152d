package listener

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
	"supervisor/supervisord/tools/testkit"
)

var _ process.EventListener = (*Member)(nil)

// testPool is a pool with fake listeners.
type testPool struct {
	*Pool
	t    *testing.T
	log  testkit.Log
	out  bytes.Buffer // what a handler writes
	got  []string     // "listener: payload", in order
	next uint64       // serial
}

// fakeListener is the process of one member.
type fakeListener struct {
	*Member
	w        *testPool
	output   func([]byte)
	writeErr error
}

func newTestPool(t *testing.T, size int) *testPool {
	t.Parallel()
	w := &testPool{t: t}
	w.log.Level = slog.LevelDebug
	conf := &config.Group{Name: "pool", Kind: config.EventListener, BufferSize: size, Events: []string{"TICK", "REMOTE_COMMUNICATION"}}
	w.Pool = New(conf, "id", w.log.Logger(), &w.out)
	return w
}

func (w *testPool) addListener(name string) *fakeListener {
	return &fakeListener{Member: w.Member(name), w: w}
}

// start simulates the start of a child.
func (p *fakeListener) start() {
	p.output = p.NewSession()
	p.change(states.Starting)
	p.SetStdin(p.write)
}

func (p *fakeListener) write(data []byte) error {
	if p.writeErr != nil {
		return p.writeErr
	}
	_, payload, _ := strings.Cut(string(data), "\n")
	p.w.got = append(p.w.got, p.name+": "+payload)
	return nil
}

// change simulates a change of state that the pool did not subscribe to.
func (p *fakeListener) change(to states.Process) { p.StateChanged(to, func() {}) }

// run makes it a listener that is RUNNING and READY.
func (p *fakeListener) run() *fakeListener {
	p.start()
	p.output([]byte("READY\n"))
	p.change(states.Running)
	return p
}

func (p *fakeListener) answer(result string) {
	p.output(fmt.Appendf(nil, "RESULT %d\n%sREADY\n", len(result), result))
}

// publish gives the pool events with these payloads.
func (w *testPool) publish(payloads ...string) {
	for _, payload := range payloads {
		w.Accept(events.Event{Serial: w.next, Type: events.Tick5, Payload: payload})
		w.next++
	}
}

func (w *testPool) expect(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.got); diff != "" {
		w.t.Errorf("given away (-want +got):\n%s", diff)
	}
}

func (w *testPool) expectLog(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.log.Lines()); diff != "" {
		w.t.Errorf("main log (-want +got):\n%s", diff)
	}
}

func TestEnvelope(t *testing.T) {
	w := newTestPool(t, 10)
	p := w.addListener("a")
	var got []string
	p.start()
	p.SetStdin(func(data []byte) error { got = append(got, string(data)); return nil })
	p.output([]byte("READY\n"))
	p.change(states.Running)
	w.Accept(events.Event{Serial: 21, Type: events.RemoteCommunication, Payload: "type:é\nx"})
	p.answer("OK")
	w.Accept(events.Event{Serial: 22, Type: events.ProcessLogStdout, Payload: "channel:stdout\nerr\xff\n"})
	p.answer("OK")
	w.conf.BinaryEvents = true
	w.Accept(events.Event{Serial: 23, Type: events.ProcessLogStdout, Payload: "channel:stdout\né\xff\n"})
	p.answer("OK")
	w.Accept(events.Event{Serial: 24, Type: events.SupervisorRunning})
	want := []string{
		"ver:3.0 server:id serial:21 pool:pool poolserial:0 eventname:REMOTE_COMMUNICATION len:8\ntype:é\nx",
		"ver:3.0 server:id serial:22 pool:pool poolserial:1 eventname:PROCESS_LOG_STDOUT len:40\nchannel:stdout\nUndecodable: b'err\\xff\\n'",
		"ver:3.0 server:id serial:23 pool:pool poolserial:2 eventname:PROCESS_LOG_STDOUT len:19\nchannel:stdout\né\xff\n",
		"ver:3.0 server:id serial:24 pool:pool poolserial:3 eventname:SUPERVISOR_STATE_CHANGE_RUNNING len:0\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("envelopes (-want +got):\n%s", diff)
	}
}

func TestTypes(t *testing.T) {
	w := newTestPool(t, 1)
	if diff := cmp.Diff([]events.Type{events.Tick, events.RemoteCommunication}, w.Types()); diff != "" {
		t.Error(diff)
	}
}

func TestPoolSerialWraps(t *testing.T) {
	w := newTestPool(t, 2)
	w.serial = math.MaxInt64
	w.publish("a", "b")
	if got := []uint64{w.queue[0].poolSerial, w.queue[1].poolSerial}; got[0] != math.MaxInt64 || got[1] != 0 {
		t.Errorf("got %v", got)
	}
}

func TestEventsWaitUntilTheListenerIsReadyAndRunning(t *testing.T) {
	t.Run("ready first", func(t *testing.T) {
		w := newTestPool(t, 10)
		p := w.addListener("a")
		w.publish("1", "2")
		p.start()
		p.output([]byte("READY\n"))
		w.expect()
		p.change(states.Running)
		w.expect("a: 1")
		p.output([]byte("RESULT 2\nOK"))
		w.expect("a: 1")
		p.output([]byte("READY\n"))
		w.expect("a: 1", "a: 2")
	})
	t.Run("running first", func(t *testing.T) {
		w := newTestPool(t, 10)
		p := w.addListener("a")
		p.start()
		p.change(states.Running)
		w.publish("1")
		w.expect()
		p.output([]byte("READY\n"))
		w.expect("a: 1")
	})
	t.Run("stopping", func(t *testing.T) {
		w := newTestPool(t, 10)
		p := w.addListener("a").run()
		p.change(states.Stopping)
		w.publish("1")
		w.expect()
	})
}

func TestLog(t *testing.T) {
	w := newTestPool(t, 10)
	p := w.addListener("a").run()
	w.publish("1")
	p.answer("OK")
	w.publish("2")
	p.answer("NO")
	p.output([]byte("RESULT x\n"))
	w.expectLog(
		"a: ACKNOWLEDGED -> READY",
		"event 0 sent to listener a",
		"a: event was processed",
		"a: BUSY -> ACKNOWLEDGED",
		"a: ACKNOWLEDGED -> READY",
		"event 1 sent to listener a",
		"a: event was rejected",
		"a: BUSY -> ACKNOWLEDGED",
		"rebuffering event 1 for pool pool (buf size=0, max=10)",
		"a: ACKNOWLEDGED -> READY",
		"event 1 sent to listener a",
		"a: bad result line: 'RESULT x'",
		"a: BUSY -> UNKNOWN",
		"a: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol",
		"rebuffering event 1 for pool pool (buf size=0, max=10)",
	)
}

func TestOverflowDropsTheOldest(t *testing.T) {
	w := newTestPool(t, 3)
	w.log.Level = slog.LevelError
	p := w.addListener("a").run()
	w.publish("0", "1", "2", "3", "4", "5")
	for range 4 {
		p.answer("OK")
	}
	w.expect("a: 0", "a: 3", "a: 4", "a: 5")
	w.expectLog(
		"pool pool event buffer overflowed, discarding event 1",
		"pool pool event buffer overflowed, discarding event 2",
	)
}

func TestRejectedEventIsSentNext(t *testing.T) {
	w := newTestPool(t, 10)
	p := w.addListener("a").run()
	w.publish("0", "1")
	p.answer("FAIL")
	p.answer("FAIL")
	p.answer("OK")
	w.expect("a: 0", "a: 0", "a: 0", "a: 1")
}

func TestRejectedEventReplacesOldestWhenFull(t *testing.T) {
	w := newTestPool(t, 2)
	w.log.Level = slog.LevelError
	p := w.addListener("a").run()
	w.publish("0", "1", "2")
	for _, result := range []string{"FAIL", "OK", "OK"} {
		p.answer(result)
	}
	w.expect("a: 0", "a: 0", "a: 2")
	w.expectLog("pool pool event buffer overflowed, discarding event 1")
}

func TestRejectedEventStaysInItsPool(t *testing.T) {
	w, other := newTestPool(t, 10), &testPool{t: t}
	other.Pool = New(w.conf, "id", w.log.Logger(), nil)
	p, q := w.addListener("a").run(), other.addListener("b").run()
	w.publish("0")
	p.answer("FAIL")
	q.answer("OK") // unexpected: it has no event
	w.expect("a: 0", "a: 0")
	other.expect()
}

func TestListenersWorkInParallelInTheirOrder(t *testing.T) {
	w := newTestPool(t, 10)
	a, b := w.addListener("a"), w.addListener("b")
	b.run() // the order is that of the configuration, not of readiness
	a.run()
	w.publish("0", "1", "2", "3")
	w.expect("a: 0", "b: 1")
	b.answer("OK")
	b.answer("OK")
	a.answer("FAIL")
	w.expect("a: 0", "b: 1", "b: 2", "b: 3", "a: 0")
}

func TestExitRebuffersEvent(t *testing.T) {
	for _, tt := range []struct {
		name   string
		states []states.Process
	}{
		{"crash", []states.Process{states.Exited}},
		{"stop", []states.Process{states.Stopping, states.Stopped}},
		{"a signal that was refused", []states.Process{states.Stopping, states.Unknown, states.Exited}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTestPool(t, 10)
			a, b := w.addListener("a").run(), w.addListener("b")
			w.publish("0", "1")
			b.start()
			b.output([]byte("READY\n"))
			for _, s := range tt.states {
				a.change(s)
			}
			w.expect("a: 0")
			b.change(states.Running)
			b.answer("OK")
			w.expect("a: 0", "b: 0", "b: 1")
		})
	}
}

// The next child gets the event about the end of the last one, after the event that
// the last one did not answer.
func TestOwnExitEventFollowsRebufferedEvent(t *testing.T) {
	w := newTestPool(t, 2)
	p := w.addListener("a").run()
	w.publish("0", "1")
	p.StateChanged(states.Stopping, func() { w.publish("stopping") })
	p.StateChanged(states.Stopped, func() { w.publish("stopped") })
	w.expect("a: 0")
	p.run()
	p.answer("OK")
	w.expect("a: 0", "a: 0", "a: stopped")
}

func TestListenerDoesNotGetItsOwnStopEvent(t *testing.T) {
	w := newTestPool(t, 10)
	p := w.addListener("a").run()
	p.StateChanged(states.Stopping, func() { w.publish("stopping") })
	w.expect()
	w.addListener("b").run()
	w.expect("b: stopping")
}

func TestNewChildStartsNewSession(t *testing.T) {
	w := newTestPool(t, 10)
	p := w.addListener("a").run()
	p.output([]byte("junk"))
	w.publish("0")
	w.expect()
	old := p.output
	p.change(states.Exited)
	p.start()
	old([]byte("a grandchild's words")) // in the last session
	p.output([]byte("REA"))
	p.output([]byte("DY\n"))
	p.change(states.Running)
	w.expect("a: 0")
	p.change(states.Exited)
	p.output([]byte("RESULT 2\nOK")) // too late
	p.run()
	w.expect("a: 0", "a: 0")
}

func TestListenerThatNeverAnswersKeepsItsEvent(t *testing.T) {
	w := newTestPool(t, 2)
	p := w.addListener("a").run()
	w.publish("0", "1", "2", "3")
	p.output([]byte("RESULT 2"))
	w.expect("a: 0")
	if len(w.queue) != 2 {
		t.Errorf("%d events wait", len(w.queue))
	}
}

func TestClosedStdin(t *testing.T) {
	w := newTestPool(t, 10)
	a, b := w.addListener("a").run(), w.addListener("b").run()
	a.writeErr = syscall.EPIPE
	w.publish("0", "1")
	w.expect("b: 0")
	if !strings.Contains(w.log.String(), "epipe occurred while sending event 0 to listener a, listener state unchanged") {
		t.Errorf("main log:\n%s", &w.log)
	}
	a.writeErr = nil
	w.publish("2")
	w.expect("b: 0", "a: 1")
	b.answer("OK")
	w.expect("b: 0", "a: 1", "b: 2")
}

func TestBlockedListenerIsSkipped(t *testing.T) {
	w := newTestPool(t, 10)
	a := w.addListener("a").run()
	w.addListener("b").run()
	a.writeErr = syscall.ENOBUFS
	w.publish("0")
	w.expect("b: 0")
	if !strings.Contains(w.log.String(), "send event 0 to listener a: no buffer space available") {
		t.Errorf("main log:\n%s", &w.log)
	}
}
