package exitpolicy

import (
	"context"
	"log/slog"
	"testing"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
)

// TestRemovedProcessesArePurged, however many there have been.
func TestRemovedProcessesArePurged(t *testing.T) {
	t.Parallel()
	y := New(Options{})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 1000 {
		p := process.New(process.Options{
			Config: &config.Process{Name: "p", Group: "p"}, Events: &events.Bus{}, Log: slog.New(slog.DiscardHandler), Changed: y.Changed,
		})
		p.Run(cancelled)
	}
	if n := len(y.known); n > 200 {
		t.Errorf("%d are remembered", n)
	}
}
