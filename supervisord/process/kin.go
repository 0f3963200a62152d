package process

import (
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

// kinOf returns the relatives of a child, nil if nobody wants to know of them.
func kinOf(child spawn.Child) spawn.Kin {
	if related, ok := child.(spawn.Related); ok {
		return related.Kin()
	}
	return nil
}

// genealogist is a Spawner that knows the relatives of children that have ended.
type genealogist interface {
	KinOf(o *spawn.Orphan, spec *spawn.Spec) spawn.Kin
}

// recallKin finds the relatives that a child of an earlier daemon has left.
func (p *Process) recallKin(o *spawn.Orphan) {
	if g, ok := p.Spawner.(genealogist); ok && p.kin == nil && o.PID != 0 {
		spec := &spawn.Spec{}
		p.lineage(spec)
		p.kin = g.KinOf(o, spec)
	}
}

// relatives are those of the child that live, if that makes a difference.
func (p *Process) relatives() []spawn.Relative {
	if p.kin == nil || p.machine.State != states.Stopping && !p.machine.isWide() && p.machine.State != states.Stopped {
		return nil
	}
	return p.kin.Left()
}

// lineage says by what the relatives of the next child are known.
func (p *Process) lineage(s *spawn.Spec) {
	s.Family = []string{processNameVar + "=" + p.Config.Name, groupNameVar + "=" + p.Config.Group}
	s.Scope = scope(p.machine.conf)
	s.Label = p.FullName()
	if url := p.serverURL(); url != "" {
		s.Address = serverURLVar + "=" + url
	}
}

func (p *Process) leaveKin() {
	if p.kin != nil {
		p.kin.Release()
		p.kin, p.empty = nil, nil
	}
}

// scope says which relatives of a child are to be known: none unless an option
// that Supervisor does not have asks for them.
func scope(c *config.Process) spawn.Scope {
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
