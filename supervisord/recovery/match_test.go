package recovery

import (
	"log/slog"
	"testing"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// TestAssignUnmatched: a child is given to another process only if no other process and no
// other child matches.
func TestAssignUnmatched(t *testing.T) {
	t.Parallel()
	program := func(group, section, name string, num int, command string) *config.Process {
		return &config.Process{Group: group, Section: "program:" + section, Name: name, Num: num, Command: command, Umask: -1}
	}
	serve := program("", "", "", 0, "serve").Digest()
	child := func(pid int, group, section, name string, num int) *process.Saved {
		s := &process.Saved{State: process.State{Group: group, Name: name}}
		s.PID, s.Section, s.Num, s.Digest = pid, "program:"+section, num, serve
		return s
	}
	unknown := child(1, "web", "web", "web", 0)
	unknown.Section, unknown.Digest = "", ""
	for what, tt := range map[string]struct {
		unmatched  []*process.Saved
		configured []*config.Process
		want       map[string]int // pids by names
	}{
		"another group": {[]*process.Saved{child(1, "web", "web", "web", 0)}, []*config.Process{program("all", "web", "web", 0, "other")}, map[string]int{"all:web": 1}},
		"another name":  {[]*process.Saved{child(1, "web", "web", "web", 0)}, []*config.Process{program("www", "www", "www", 0, "serve")}, map[string]int{"www": 1}},
		"another name and command": {
			[]*process.Saved{child(1, "web", "web", "web", 0)}, []*config.Process{program("www", "www", "www", 0, "other")}, nil,
		},
		"two processes of one command": {
			[]*process.Saved{child(1, "web", "web", "web", 0)}, []*config.Process{program("a", "a", "a", 0, "serve"), program("b", "b", "b", 0, "serve")}, nil,
		},
		"two children of one command": {
			[]*process.Saved{child(1, "a", "a", "a", 0), child(2, "b", "b", "b", 0)}, []*config.Process{program("www", "www", "www", 0, "serve")}, nil,
		},
		"a section in two groups": {
			[]*process.Saved{child(1, "web", "web", "web", 0)}, []*config.Process{program("a", "web", "web", 0, "serve"), program("b", "web", "web", 0, "serve")}, nil,
		},
		"numprocs lowered": {[]*process.Saved{child(1, "web", "web", "web_1", 1)}, []*config.Process{program("web", "web", "web_0", 0, "serve")}, nil},
		"an early journal": {[]*process.Saved{unknown}, []*config.Process{program("all", "web", "web", 0, "serve")}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			conf := &config.Config{}
			for _, p := range tt.configured {
				conf.Groups = append(conf.Groups, &config.Group{Name: p.Group, Processes: []*config.Process{p}})
			}
			c := &Claim{Config: conf, log: slog.New(slog.DiscardHandler), Processes: make(map[string]*process.Saved), unmatched: tt.unmatched}
			c.assignUnmatched(true)
			for name, left := range c.Processes {
				if tt.want[name] != left.PID {
					t.Errorf("%s has the child %d", name, left.PID)
				}
			}
			if len(c.Processes) != len(tt.want) || len(c.Processes)+len(c.Unconfigured) != len(tt.unmatched) {
				t.Errorf("%d are assigned and %d are unconfigured", len(c.Processes), len(c.Unconfigured))
			}
		})
	}
}
