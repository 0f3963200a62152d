package starts

import (
	"log/slog"
	"testing"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
)

// TestStatusIsReadUnderLock: nothing else can record a change between reading a status
// and comparing it.
func TestStatusIsReadUnderLock(t *testing.T) {
	t.Parallel()
	p := process.New(process.Options{
		Config: &config.Process{Group: "db", Name: "db"}, Events: new(events.Bus), Log: slog.New(slog.DiscardHandler),
	})
	s := New(Options{})
	isLocked := false
	s.changes.record(p, func() *process.Status {
		isLocked = !s.changes.mu.TryLock()
		return p.Status()
	})
	if !isLocked {
		t.Error("another change can be recorded between the read of a status and its comparison")
	}
}
