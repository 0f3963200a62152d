package process

import (
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

// processTreeOf returns the relatives of a child, nil if nobody wants to know of them.
func processTreeOf(child spawn.Child) spawn.ProcessTree {
	if related, ok := child.(spawn.TreeOwner); ok {
		return related.ProcessTree()
	}
	return nil
}

// processTreeFinder is a Spawner that knows the relatives of children that have ended.
type processTreeFinder interface {
	ProcessTreeOf(o *spawn.Orphan, spec *spawn.Spec) spawn.ProcessTree
}

// findTree finds the relatives that a child of an earlier daemon has left.
func (p *Process) findTree(o *spawn.Orphan) {
	if g, ok := p.Spawner.(processTreeFinder); ok && p.tree == nil && o.PID != 0 {
		spec := &spawn.Spec{}
		p.setMarkers(spec)
		p.tree = g.ProcessTreeOf(o, spec)
	}
}

// remainingDescendants are those of the child that live, if that makes a difference.
func (p *Process) remainingDescendants() []spawn.Descendant {
	if p.tree == nil || p.machine.State != states.Stopping && !p.machine.StopsWholeScope() && p.machine.State != states.Stopped {
		return nil
	}
	return p.tree.Remaining()
}

// setMarkers says by what the relatives of the next child are known.
func (p *Process) setMarkers(s *spawn.Spec) {
	s.Markers = []string{processNameVar + "=" + p.Config.Name, groupNameVar + "=" + p.Config.Group}
	s.Scope = trackedScope(p.CurrentConfig())
	s.Label = p.FullName()
	if url := p.serverURL(); url != "" {
		s.DaemonMarker = serverURLVar + "=" + url
	}
}

func (p *Process) releaseTree() {
	if p.tree != nil {
		p.tree.Release()
		p.tree, p.treeEmpty = nil, nil
	}
}

// trackedScope says which relatives of a child are to be known: none unless an option
// that Supervisor does not have asks for them.
func trackedScope(c *config.Process) spawn.Scope {
	switch c.Stop.Scope {
	case config.ScopeGroup:
		return spawn.ScopeGroup
	case config.ScopeTree:
		return spawn.ScopeTree
	case config.ScopeCgroup:
		return spawn.ScopeCgroup
	case config.ScopeDefault, config.ScopeLeader:
	}
	asked := c.Stop.LeftoversSet || c.Stop.Scope == config.ScopeLeader
	if asked && c.Stop.Leftovers != config.LeftoversIgnore {
		return spawn.ScopeLeader
	}
	return spawn.Unscoped
}
