package events

import (
	"math"
	"slices"
	"testing"
)

// Supervisor counts up to the largest number of a 64-bit Python, then from 0.
func TestSerialWraps(t *testing.T) {
	t.Parallel()
	bus := Bus{serial: math.MaxInt64}
	var got []uint64
	bus.Subscribe([]Type{Any}, func(e Event) { got = append(got, e.Serial) })
	for range 2 {
		bus.Publish(Tick5, func() string { return "" })
	}
	if want := []uint64{math.MaxInt64, 0}; !slices.Equal(got, want) {
		t.Errorf("serials %v, want %v", got, want)
	}
}
