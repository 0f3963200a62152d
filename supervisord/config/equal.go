package config

import (
	"slices"

	"supervisor/supervisord/config/option"
)

// The options that have a field in a struct, in the order of the table. They are
// selected only once: an update compares thousands of processes.
var (
	groupFields   = fieldsOf(new(Group))
	processFields = fieldsOf(new(Process))
)

func fieldsOf(section any) []*option.Option {
	return options.Select(func(o *option.Option) bool { return o.HasFieldIn(section) })
}

// Equal reports whether a running group can stay as it is when a changed file is
// read again. Two groups are equal if everything is that was configured for them
// and their processes, in the same order. The owner, mode and backlog of a
// FastCGI socket do not count, nor does the order of event names.
func (g *Group) Equal(other *Group) bool {
	return g.Kind == other.Kind &&
		g.Name == other.Name &&
		equalOptions(groupFields, g, other) &&
		g.Socket.url() == other.Socket.url() &&
		slices.EqualFunc(g.Processes, other.Processes, (*Process).equal)
}

// equal compares what was configured. AUTO differs from any file, whatever name
// was generated for it.
func (p *Process) equal(q *Process) bool {
	return p.Name == q.Name &&
		p.Kind == q.Kind &&
		equalOptions(processFields, p, q) &&
		p.Policy.equal(&q.Policy)
}

// equalOptions reports whether two structs have equal values of options.
func equalOptions(options []*option.Option, a, b any) bool {
	for _, o := range options {
		if !o.Equal(a, b) {
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
