package supervisor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/supervisor"
)

// expectDelivered compares the events that listeners have got since the last time, one
// listener after the other: pools don't wait for each other.
func (w *testDaemon) expectDelivered(t *testing.T, want ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	name := func(s string) string { before, _, _ := strings.Cut(s, ":"); return before }
	slices.SortStableFunc(w.delivered, func(a, b string) int { return strings.Compare(name(a), name(b)) })
	if diff := cmp.Diff(want, w.delivered); diff != "" {
		t.Errorf("events of listeners (-want +got):\n%s", diff)
	}
	w.delivered = nil
}

// TestListenersGetStartAndStopEvents: a pool gets the events of itself and of groups added
// after it, so the first of two gets those of the second, but not the other way round.
func TestListenersGetStartAndStopEvents(t *testing.T) {
	conf := configOf(pool("listener1", "SUPERVISOR_STATE_CHANGE", "PROCESS_GROUP"), pool("listener2", "PROCESS_GROUP"), program("a", 1))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(1010 * time.Millisecond) // startsecs and the time to answer
		w.stopDelay["a"] = time.Second
		w.Shutdown()
		<-w.ended
		w.expectDelivered(t,
			"listener1: PROCESS_GROUP_ADDED groupname:listener1",
			"listener1: PROCESS_GROUP_ADDED groupname:listener2",
			"listener1: PROCESS_GROUP_ADDED groupname:a",
			"listener1: SUPERVISOR_STATE_CHANGE_RUNNING",
			"listener1: SUPERVISOR_STATE_CHANGE_STOPPING",
			"listener2: PROCESS_GROUP_ADDED groupname:listener2",
			"listener2: PROCESS_GROUP_ADDED groupname:a",
		)
	})
}

// TestListenersStopLast: they get the events of all other stops.
func TestListenersStopLast(t *testing.T) {
	withDaemon(t, configOf(pool("listener", "PROCESS_STATE_STOPPING"), program("a", 1)), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.stopDelay["a"] = time.Second
		w.Shutdown()
		<-w.ended
		w.expectDelivered(t, "listener: PROCESS_STATE_STOPPING processname:a groupname:a from_state:RUNNING pid:102")
	})
}

func TestRemovedPoolGetsNoEvents(t *testing.T) {
	conf := configOf(pool("listener1", "PROCESS_GROUP_REMOVED"), pool("listener2", "EVENT"))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		if _, err := w.StopProcess(t.Context(), "listener2", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		w.delivered = nil
		if err := w.RemoveGroup(t.Context(), "listener2"); err != nil {
			t.Fatal(err)
		}
		w.RemoteEvent("a", "b")
		advance(time.Second)
		w.expectDelivered(t, "listener1: PROCESS_GROUP_REMOVED groupname:listener2")
		if w.bus.Wants(events.RemoteCommunication) {
			t.Error("the removed pool is still subscribed")
		}
	})
}

// TestPoolsUnsubscribeOnShutdown: a restarted daemon has new pools on the same bus.
func TestPoolsUnsubscribeOnShutdown(t *testing.T) {
	withDaemon(t, configOf(pool("listener", "REMOTE_COMMUNICATION")), func(t *testing.T, w *testDaemon) {
		if !w.bus.Wants(events.RemoteCommunication) {
			t.Error("the pool is not subscribed")
		}
		w.Shutdown()
		<-w.ended
		if w.bus.Wants(events.RemoteCommunication) {
			t.Error("the pool is still subscribed")
		}
	})
}

func TestRemoteEvent(t *testing.T) {
	withDaemon(t, configOf(pool("listener", "REMOTE_COMMUNICATION")), func(t *testing.T, w *testDaemon) {
		w.RemoteEvent("kind", "some\ndata")
		advance(2 * time.Second)
		w.expectDelivered(t, "listener: REMOTE_COMMUNICATION type:kind\nsome\ndata")
	})
}

// TestTicksAreAlignedToTheClock: the virtual clock begins at a full hour, at 946684800.
func TestTicksAreAlignedToTheClock(t *testing.T) {
	withDaemon(t, configOf(), func(t *testing.T, w *testDaemon) {
		advance(3590 * time.Second)
		w.loadConfig = func() (*config.Config, error) { return configOf(pool("listener", "TICK")), nil }
		if _, err := w.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		advance(2 * time.Second)
		if err := w.AddGroup(t.Context(), "listener"); err != nil {
			t.Fatal(err)
		}
		advance(2500 * time.Millisecond)
		w.expectDelivered(t) // the first look publishes nothing
		advance(time.Second)
		w.expectDelivered(t, "listener: TICK_5 when:946688395")
		advance(5 * time.Second)
		w.expectDelivered(t,
			"listener: TICK_5 when:946688400", "listener: TICK_60 when:946688400", "listener: TICK_3600 when:946688400")
		advance(time.Minute)
		if n := len(w.delivered); n != 12+1 {
			t.Errorf("%d ticks in a minute: %v", n, w.delivered)
		}

		// Without the pool there are no ticks.
		if _, err := w.StopProcess(t.Context(), "listener", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if err := w.RemoveGroup(t.Context(), "listener"); err != nil {
			t.Fatal(err)
		}
		w.delivered = nil
		advance(time.Hour)
		w.expectDelivered(t)
	})
}
