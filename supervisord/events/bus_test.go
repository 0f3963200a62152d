package events_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/events"
)

func text(s string) func() string { return func() string { return s } }

func TestSubscribersGetEventsOnce(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	var got []string
	subscribe := func(name string, types ...events.Type) {
		bus.Subscribe(types, func(e events.Event) {
			got = append(got, fmt.Sprintf("%s %d %s %s", name, e.Serial, e.Type, e.Payload))
		})
	}
	subscribe("first", events.Tick5, events.Tick, events.Any) // the type and those above it
	subscribe("second", events.ProcessLog)
	subscribe("third", events.Tick60, events.ProcessLogStderr)

	bus.Publish(events.Tick5, text("a"))
	bus.Publish(events.ProcessLogStderr, text("b"))
	bus.Publish(events.Tick60, text("c"))
	want := []string{
		"first 0 TICK_5 a",
		"first 1 PROCESS_LOG_STDERR b", "second 1 PROCESS_LOG_STDERR b", "third 1 PROCESS_LOG_STDERR b",
		"first 2 TICK_60 c", "third 2 TICK_60 c",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
}

func TestUnwantedEventsAreNotRendered(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	var serials []uint64
	bus.Subscribe([]events.Type{events.Tick5}, func(e events.Event) { serials = append(serials, e.Serial) })
	bus.Publish(events.Tick5, text(""))
	bus.Publish(events.Tick60, func() string {
		t.Error("an unwanted event was rendered")
		return ""
	})
	bus.Publish(events.Tick5, text(""))
	if want := []uint64{0, 1}; !slices.Equal(serials, want) {
		t.Errorf("serials %v, want %v", serials, want)
	}
	if !bus.Wants(events.Tick5) || bus.Wants(events.Tick) || bus.Wants(events.RemoteCommunication) {
		t.Error("Wants is wrong")
	}
}

func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	var got []string
	a := bus.Subscribe([]events.Type{events.Any}, func(e events.Event) { got = append(got, "a"+e.Payload) })
	bus.Subscribe([]events.Type{events.Any}, func(e events.Event) { got = append(got, "b"+e.Payload) })
	bus.Publish(events.Tick5, text("1"))
	bus.Unsubscribe(a)
	bus.Unsubscribe(a)
	bus.Publish(events.Tick5, text("2"))
	if want := []string{"a1", "b1", "b2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// All subscribers see the same events in the same order, whoever publishes.
func TestSameOrderForAllSubscribers(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	seen := make([][]events.Event, 3)
	for i := range seen {
		bus.Subscribe([]events.Type{events.Any}, func(e events.Event) { seen[i] = append(seen[i], e) })
	}
	var publishers sync.WaitGroup
	for p := range 4 {
		publishers.Go(func() {
			for n := range 100 {
				bus.Publish(events.RemoteCommunication, text(fmt.Sprint(p, n)))
			}
		})
	}
	publishers.Wait()
	if len(seen[0]) != 400 {
		t.Fatalf("%d events arrived", len(seen[0]))
	}
	for i, e := range seen[0] {
		if e.Serial != uint64(i) {
			t.Fatalf("event %d has serial %d", i, e.Serial)
		}
	}
	if !slices.Equal(seen[0], seen[1]) || !slices.Equal(seen[0], seen[2]) {
		t.Error("subscribers saw different orders")
	}
}
