package loaded

import (
	"cmp"
	"slices"
	"sync"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/source"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process"
)

// Source is how configurations are read.
type Source struct {
	// Load reads the configuration files again.
	Load func() (*config.Config, error)
	// LoadScaled does the same with other numbers of processes; nil if programs
	// can't be scaled. Scales are those that the first configuration was read with.
	LoadScaled func([]config.Scale) (*config.Config, error)
	Scales     []config.Scale
	// LoadFrom is LoadScaled for a configuration that the daemon is to begin anew
	// with: the snapshot keeps what it is read from. Nil for LoadScaled.
	LoadFrom func(*source.Snapshot, []config.Scale) (*config.Config, error)
	// RereadError returns why the files can't be read again. A nil function stands
	// for one that never fails.
	RereadError func() error
	// Program makes the processes of a program that is in no file.
	Program func(group, name string, options map[string]string) ([]*config.Process, error)
}

// Configuration is the configuration as last read, and what belongs to it. Its methods may
// be called from anywhere.
type Configuration struct {
	source Source
	daemon *config.Supervisord // as the daemon was started

	mu       sync.RWMutex
	last     *config.Config
	next     Checked // what a restart begins with
	scales   []config.Scale
	autoLogs map[*config.Process]AutoLogs // of the processes of last
}

// AutoLogs are the names that were generated for the AUTO logs of a process, "" where
// there is none. They hold as long as the configuration that asked for them is the last
// one read: a group that is removed and added again goes on with its files, one that was
// read again gets new ones.
type AutoLogs struct{ Stdout, Stderr string }

// Checked is a configuration that can be used, and the snapshot of what it was read from,
// nil if there is none.
type Checked struct {
	*config.Config
	From *source.Snapshot
}

// New returns the configuration that a daemon has been started with.
func New(c *config.Config, from Source) *Configuration {
	return &Configuration{
		source: from, daemon: &c.Supervisord, last: c, scales: from.Scales,
		autoLogs: make(map[*config.Process]AutoLogs),
	}
}

// Load reads the configuration again. It does not become the last one read.
func (c *Configuration) Load() (*config.Config, error) { return c.source.Load() }

// LoadProgram makes the processes of a program that is in no file.
func (c *Configuration) LoadProgram(group, name string, options map[string]string) ([]*config.Process, error) {
	return c.source.Program(group, name, options)
}

// RereadError returns why the files can't be read again, nil if they can.
func (c *Configuration) RereadError() error {
	if c.source.RereadError == nil {
		return nil
	}
	return c.source.RereadError()
}

// LoadScaled is Load with scales in force.
func (c *Configuration) LoadScaled(scales []config.Scale) (*config.Config, error) {
	if c.source.LoadScaled == nil {
		return c.source.Load()
	}
	return c.source.LoadScaled(scales)
}

// LoadChecked reads a configuration that a daemon is to begin with.
func (c *Configuration) LoadChecked(scales []config.Scale) (checked Checked, err error) {
	if c.source.LoadFrom == nil {
		checked.Config, err = c.LoadScaled(scales)
		return checked, err
	}
	checked.From = source.NewSnapshot()
	checked.Config, err = c.source.LoadFrom(checked.From, scales)
	return checked, err
}

// Current returns the configuration as last read.
func (c *Configuration) Current() *config.Config {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.last
}

// Set makes another configuration the last one read.
func (c *Configuration) Set(fresh *config.Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = fresh
	clear(c.autoLogs)
}

// SetNext keeps the configuration that a restart begins with.
func (c *Configuration) SetNext(checked Checked) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = checked
}

// Next returns the configuration that a restart begins with. It is empty if there is none.
func (c *Configuration) Next() Checked {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.next
}

// ReplaceGroup puts another value of a group in its place, if the group is one of the
// configuration as last read.
func (c *Configuration) ReplaceGroup(old, fresh *config.Group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.last.Groups, old); i >= 0 {
		last := *c.last
		last.Groups = slices.Clone(last.Groups)
		last.Groups[i] = fresh
		c.last = &last
	}
}

// Scales returns the programs that have another number of processes than their file says,
// by group and section.
func (c *Configuration) Scales() []config.Scale {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.scales)
}

// SetScale records a number of processes.
func (c *Configuration) SetScale(sc config.Scale) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scales = WithScale(c.scales, sc)
}

// WithScale returns scales with another one for its program. One that makes no difference
// is left out.
func WithScale(scales []config.Scale, sc config.Scale) []config.Scale {
	kept := slices.DeleteFunc(slices.Clone(scales), func(o config.Scale) bool {
		return o.Group == sc.Group && o.Section == sc.Section
	})
	if sc.Numprocs != sc.Of || sc.Surplus > 0 {
		kept = append(kept, sc)
	}
	slices.SortFunc(kept, func(a, b config.Scale) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Section, b.Section))
	})
	return kept
}

// Logs returns the AUTO logs of a process.
func (c *Configuration) Logs(p *config.Process) AutoLogs {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.autoLogs[p]
}

// SetLogs records the AUTO logs of a process.
func (c *Configuration) SetLogs(p *config.Process, names AutoLogs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.autoLogs[p] = names
}

// GenerateLogs creates the AUTO logs of a process that don't exist yet.
func (c *Configuration) GenerateLogs(p *config.Process) (AutoLogs, error) {
	names := c.Logs(p)
	for _, l := range []struct {
		conf    config.Log
		channel string
		name    *string
	}{{p.Stdout, "stdout", &names.Stdout}, {p.Stderr, "stderr", &names.Stderr}} {
		if !l.conf.Auto || *l.name != "" {
			continue
		}
		path, err := logs.AutoName(c.daemon.ChildLogDir, p.Name, l.channel, c.daemon.Identifier)
		if err != nil {
			return names, err
		}
		*l.name = path
	}
	c.SetLogs(p, names)
	return names, nil
}

// ForgetLogs forgets the AUTO logs of a process that has been removed, unless it is still
// in the configuration and may be added again.
func (c *Configuration) ForgetLogs(p *process.Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := Group(c.last, p.Config.Group)
	for _, conf := range []*config.Process{p.Config, p.CurrentConfig()} {
		if g == nil || !slices.Contains(g.Processes, conf) {
			delete(c.autoLogs, conf)
		}
	}
}

// Group returns the group of that name, nil if there is none.
func Group(c *config.Config, name string) *config.Group {
	for _, g := range c.Groups {
		if g.Name == name {
			return g
		}
	}
	return nil
}
