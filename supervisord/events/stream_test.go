package events_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/events"
)

func TestStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var bus events.Bus
		s := bus.Stream([]events.Type{events.Tick}, 3)
		read := func() string {
			t.Helper()
			list, lost, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range list {
				got = append(got, e.Payload)
				if age := time.Since(e.At); age < 0 || age > time.Second {
					t.Errorf("event %s is %s old", e.Payload, age)
				}
			}
			return fmt.Sprintf("%s lost %d", strings.Join(got, " "), lost)
		}
		bus.Publish(events.Tick5, text("a"))
		bus.Publish(events.ProcessGroupAdded, text("unwanted"))
		bus.Publish(events.Tick60, text("b"))
		if got := read(); got != "a b lost 0" {
			t.Error(got)
		}
		go func() {
			time.Sleep(time.Hour)
			bus.Publish(events.Tick5, text("later"))
		}()
		if got := read(); got != "later lost 0" {
			t.Error(got)
		}
		for i := range 5 {
			bus.Publish(events.Tick5, text(fmt.Sprint(i)))
		}
		if got := read(); got != "2 3 4 lost 2" {
			t.Error(got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		s.Close()
		if bus.Wants(events.Tick5) {
			t.Error("a closed stream is still subscribed")
		}
	})
}
