package testkit

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// Log collects the messages of a logger, one a line, for tests to look at.
type Log struct {
	Level      slog.Level // lower levels are left out
	WithLevels bool       // each line begins with its level, as a number

	mu    sync.Mutex
	lines []string
}

// Logger returns a logger that writes here.
func (l *Log) Logger() *slog.Logger { return slog.New((*logHandler)(l)) }

// Lines returns a copy of what was written so far.
func (l *Log) Lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

// String joins the lines.
func (l *Log) String() string { return strings.Join(l.Lines(), "\n") }

type logHandler Log

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.Level }

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	line := r.Message
	if h.WithLevels {
		line = fmt.Sprintf("%d %s", r.Level, line)
	}
	h.lines = append(h.lines, line)
	return nil
}

func (h *logHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h *logHandler) WithGroup(string) slog.Handler      { return h }
