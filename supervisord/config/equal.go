package config

import (
	"slices"

	"supervisor/supervisord/config/option"
)

// optionsOf returns the options of the table that have a field in structs like
// section.
func optionsOf(section any) []*option.Option {
	var list []*option.Option
	for i := range options {
		if o := &options[i]; o.HasFieldIn(section) {
			list = append(list, o)
		}
	}
	return list
}

// Equal reports whether a running group can stay as it is when a changed file is
// read again. Two groups are equal if everything is that was configured for them
// and their processes, in the same order. The owner, mode and backlog of a
// FastCGI socket do not count, nor does the order of event names.
func (g *Group) Equal(other *Group) bool {
	return g.Kind == other.Kind &&
		g.Name == other.Name &&
		equalOptions(g, other) &&
		g.Socket.url() == other.Socket.url() &&
		slices.EqualFunc(g.Processes, other.Processes, (*Process).equal)
}

// equal compares what was configured. AUTO differs from any file, whatever name
// was generated for it.
func (p *Process) equal(q *Process) bool {
	return p.Name == q.Name &&
		p.Kind == q.Kind &&
		equalOptions(p, q) &&
		p.Policy.equal(&q.Policy)
}

// equalOptions reports whether all options that have a field in a are equal.
func equalOptions[S any](a, b *S) bool {
	for i := range options {
		if o := &options[i]; o.HasFieldIn(a) && !o.Equal(a, b) {
			return false
		}
	}
	return true
}

func (s *FastCGISocket) url() string {
	if s == nil {
		return ""
	}
	return s.URL
}
