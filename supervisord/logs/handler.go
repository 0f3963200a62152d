package logs

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// handler is the [slog.Handler] of a [Main].
type handler struct {
	main   *Main
	attrs  string // of With, rendered
	groups string // of WithGroup, each followed by a dot
}

// Enabled reports whether records of this level are written.
func (h handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.main.o.Level }

// Handle writes a record. It never fails; see Report of [MainOptions].
func (h handler) Handle(_ context.Context, r slog.Record) error {
	when := r.Time
	if when.IsZero() {
		when = time.Now()
	}
	message := r.Message
	if h.attrs != "" || r.NumAttrs() > 0 {
		var b strings.Builder
		b.WriteString(message + h.attrs)
		r.Attrs(func(a slog.Attr) bool {
			writeAttr(&b, h.groups, a)
			return true
		})
		message = b.String()
	}
	h.main.write(when, r.Level, message)
	return nil
}

// WithAttrs returns a handler that adds attributes to every record.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	b.WriteString(h.attrs)
	for _, a := range attrs {
		writeAttr(&b, h.groups, a)
	}
	h.attrs = b.String()
	return h
}

// WithGroup returns a handler that puts a name before the keys of later
// attributes.
func (h handler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.groups += name + "."
	}
	return h
}

// writeAttr writes an attribute as " key=value"; the members of a group one
// after the other.
func writeAttr(b *strings.Builder, groups string, a slog.Attr) {
	value := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return
	}
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			groups += a.Key + "."
		}
		for _, member := range value.Group() {
			writeAttr(b, groups, member)
		}
		return
	}
	b.WriteString(" " + groups + a.Key + "=" + quoted(value.String()))
}

// quoted quotes a value that could be taken for several.
func quoted(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\r\n\"=") {
		return strconv.Quote(s)
	}
	return s
}
