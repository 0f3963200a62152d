package ticks

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/events"
)

// tickCheck is one call of Publish and what it must do.
type tickCheck struct {
	at    float64 // seconds since the epoch
	want  string  // the ticks published
	delay float64 // seconds until the next call, 0 for none
}

func TestTicks(t *testing.T) {
	t.Parallel()
	const hour = 1795363200 // a full hour
	for _, tt := range []struct {
		name   string
		types  []events.Type
		checks []tickCheck
	}{
		{"no subscriber", []events.Type{events.ProcessState}, []tickCheck{{hour + 1, "", 0}, {hour + 7, "", 0}}},
		{"the first call publishes nothing", []events.Type{events.Tick5}, []tickCheck{
			{hour + 4.75, "", 0.25}, {hour + 5, "TICK_5 5", 5}, {hour + 10, "TICK_5 10", 5},
		}},
		{"calls that come early do no harm", []events.Type{events.Tick5}, []tickCheck{
			{hour + 2, "", 3}, {hour + 4.5, "", 0.5}, {hour + 5.5, "TICK_5 5", 4.5}, {hour + 7, "", 3},
		}},
		{"order", []events.Type{events.Any}, []tickCheck{
			{hour - 1, "", 1}, {hour, "TICK_5 0 TICK_60 0 TICK_3600 0", 5}, {hour + 5, "TICK_5 5", 5},
		}},
		{"missed ticks are not made up for", []events.Type{events.Tick}, []tickCheck{
			{hour, "", 5}, {hour + 133, "TICK_5 130 TICK_60 120", 2},
		}},
		{"minutes alone need a call a minute", []events.Type{events.Tick60}, []tickCheck{
			{hour + 1, "", 59}, {hour + 60, "TICK_60 60", 60},
		}},
		{"a clock set forward during an hour", []events.Type{events.Tick3600}, []tickCheck{
			{hour + 1, "", 59}, {hour + 60, "", 60}, {hour + 7201, "TICK_3600 7200", 59},
		}},
		{"a clock set back", []events.Type{events.Tick5, events.Tick60}, []tickCheck{
			{hour + 31, "", 4}, {hour + 12, "TICK_5 10", 3}, {hour + 15, "TICK_5 15", 5}, {hour - 5, "TICK_5 -5 TICK_60 -60", 5},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var bus events.Bus
			var got string
			bus.Subscribe(tt.types, func(e events.Event) {
				var when int64
				_, _ = fmt.Sscanf(e.Payload, "when:%d", &when)
				got += fmt.Sprintf(" %s %d", e.Type, when-hour)
			})
			var clock Ticks
			for _, l := range tt.checks {
				got = ""
				delay := clock.Publish(time.UnixMilli(int64(l.at*1000)), &bus)
				want := l.want
				if want != "" {
					want = " " + want
				}
				if diff := cmp.Diff(want, got); diff != "" || delay.Seconds() != l.delay {
					t.Errorf("at %v: %q and a delay of %s, want %q and %vs", l.at-hour, got, delay, want, l.delay)
				}
			}
		})
	}
}

func TestUnsubscribedTicksAreReset(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	var clock Ticks
	var got []string
	take := func(e events.Event) { got = append(got, e.Payload) }
	at := func(second int64) { clock.Publish(time.Unix(second, 0), &bus) }

	sub := bus.Subscribe([]events.Type{events.Tick5}, take)
	at(101)
	bus.Unsubscribe(sub)
	at(106)
	bus.Subscribe([]events.Type{events.Tick5}, take)
	at(151) // the first call again
	at(155)
	if diff := cmp.Diff([]string{"when:155"}, got); diff != "" {
		t.Error(diff)
	}
}
