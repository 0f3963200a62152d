package config

import (
	"maps"
	"slices"
)

// Equal tells whether a running group need not be touched when a file that
// says other is read again. Two groups are equal if everything is that was
// configured for them and their processes, in the same order; whose socket it
// is and its mode and backlog do not count, nor does the order of event names.
func (g *Group) Equal(other *Group) bool {
	return g.Kind == other.Kind &&
		g.Name == other.Name &&
		g.Priority == other.Priority &&
		g.BufferSize == other.BufferSize &&
		g.ResultHandler == other.ResultHandler &&
		g.BinaryEvents == other.BinaryEvents &&
		slices.Equal(slices.Sorted(slices.Values(g.Events)), slices.Sorted(slices.Values(other.Events))) &&
		g.Socket.url() == other.Socket.url() &&
		slices.EqualFunc(g.Processes, other.Processes, (*Process).equal)
}

func (s *FastCGISocket) url() string {
	if s == nil {
		return ""
	}
	return s.URL
}

// equal compares the words that were configured: AUTO is another log file than
// any other, whatever name was generated for it.
func (p *Process) equal(q *Process) bool {
	return p.equalStartStop(q) &&
		p.Name == q.Name &&
		p.Kind == q.Kind &&
		p.Command == q.Command &&
		p.Directory == q.Directory &&
		p.Umask == q.Umask &&
		equalUID(p.UID, q.UID) &&
		p.ServerURL == q.ServerURL &&
		p.Socket.url() == q.Socket.url() &&
		maps.Equal(p.Environment.toMap(), q.Environment.toMap()) &&
		p.RedirectStderr == q.RedirectStderr &&
		p.Stdout == q.Stdout &&
		p.Stderr == q.Stderr &&
		p.Policy.equal(&q.Policy)
}

// equalStartStop compares what decides about starting and stopping.
func (p *Process) equalStartStop(q *Process) bool {
	return p.Priority == q.Priority &&
		p.Autostart == q.Autostart &&
		p.Autorestart == q.Autorestart &&
		p.StartSecs == q.StartSecs &&
		p.StartRetries == q.StartRetries &&
		slices.Equal(p.ExitCodes, q.ExitCodes) &&
		p.StopSignal == q.StopSignal &&
		p.StopWaitSecs == q.StopWaitSecs &&
		p.StopAsGroup == q.StopAsGroup &&
		p.KillAsGroup == q.KillAsGroup
}

func equalUID(a, b *int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
