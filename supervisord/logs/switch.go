package logs

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// Switch is a handler for what outlives a main log: it writes to the one that was set
// last, and nowhere if that is nil.
type Switch struct{ current atomic.Pointer[slog.Handler] }

// Set sets the handler that records go to, nil for none.
func (s *Switch) Set(h slog.Handler) {
	if h == nil {
		s.current.Store(nil)
		return
	}
	s.current.Store(&h)
}

// Enabled implements slog.Handler.
func (s *Switch) Enabled(ctx context.Context, level slog.Level) bool {
	h := s.current.Load()
	return h != nil && (*h).Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (s *Switch) Handle(ctx context.Context, r slog.Record) error {
	if h := s.current.Load(); h != nil {
		return (*h).Handle(ctx, r)
	}
	return nil
}

// WithAttrs implements slog.Handler. It drops the attributes: no logger that outlives
// a main log has any.
func (s *Switch) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup implements slog.Handler. It drops the group.
func (s *Switch) WithGroup(string) slog.Handler { return s }
