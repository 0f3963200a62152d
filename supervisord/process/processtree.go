package process

import (
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/descendants"
)

// processTreeOf returns the descendants of a child, nil if nothing asks for them.
func processTreeOf(child spawn.Child) spawn.ProcessTree {
	if owner, ok := child.(spawn.TreeOwner); ok {
		return owner.ProcessTree()
	}
	return nil
}

// processTreeFinder is a Spawner that finds the descendants of a child that has
// exited.
type processTreeFinder interface {
	ProcessTreeOf(o *spawn.Orphan, spec *spawn.Spec) spawn.ProcessTree
}

// findTree finds the descendants that a child of an earlier daemon left.
func (p *Process) findTree(o *spawn.Orphan) {
	if f, ok := p.opts.Spawner.(processTreeFinder); ok && p.tree == nil && o.PID != 0 {
		spec := &spawn.Spec{}
		p.setMarkers(spec)
		p.tree = f.ProcessTreeOf(o, spec)
	}
}

// remainingDescendants returns the descendants that are alive, if the machine needs
// to know.
func (p *Process) remainingDescendants() []descendants.Process {
	if p.tree == nil || p.machine.State != states.Stopping && !p.machine.StopsWholeScope() && p.machine.State != states.Stopped {
		return nil
	}
	return p.tree.Remaining()
}

// setMarkers says how the descendants of the next child are recognised.
func (p *Process) setMarkers(s *spawn.Spec) {
	p.program.SetMarkers(s)
	s.Scope = trackedScope(p.CurrentConfig())
	s.Label = p.FullName()
}

func (p *Process) releaseTree() {
	if p.tree != nil {
		p.tree.Release()
		p.tree, p.treeEmpty = nil, nil
	}
}

// trackedScope says which descendants of a child are tracked: none, unless an option
// that Supervisor does not have asks for them.
func trackedScope(c *config.Process) descendants.Scope {
	switch c.Stop.Scope {
	case config.ScopeGroup:
		return descendants.ScopeGroup
	case config.ScopeTree:
		return descendants.ScopeTree
	case config.ScopeCgroup:
		return descendants.ScopeCgroup
	case config.ScopeDefault, config.ScopeLeader:
	}
	asked := c.Stop.LeftoversSet || c.Stop.Scope == config.ScopeLeader
	if asked && c.Stop.Leftovers != config.LeftoversIgnore {
		return descendants.ScopeLeader
	}
	return descendants.ScopeNone
}
