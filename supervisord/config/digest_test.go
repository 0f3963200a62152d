package config

import (
	"slices"
	"strings"
	"testing"
)

// TestDigest: Outdated names the options that a process was spawned with and that have
// changed, and no live options.
func TestDigest(t *testing.T) {
	t.Parallel()
	uid, other := 1, 2
	newProcess := func() *Process {
		return &Process{Name: "web", Group: "web", Section: "program:web", Command: "serve", Umask: -1, UID: &uid,
			Environment: Environment{{"SECRET", "hunter2"}, {"A", "b"}}}
	}
	old := newProcess().Digest()
	if strings.Contains(old, "hunter2") || strings.Contains(old, "serve") {
		t.Errorf("the digest contains values: %s", old)
	}
	for what, change := range map[string]func(*Process){
		"command":     func(p *Process) { p.Command = "serve faster" },
		"user":        func(p *Process) { p.UID = &other },
		"directory":   func(p *Process) { p.Directory = "/tmp" },
		"umask":       func(p *Process) { p.Umask = 0o22 },
		"serverurl":   func(p *Process) { p.ServerURL = "http://localhost" },
		"environment": func(p *Process) { p.Environment[1].Value = "c" },
		"socket":      func(p *Process) { p.Socket = &FastCGISocket{URL: "tcp://localhost:1"} },
		"user_env": func(p *Process) {
			p.Configured, p.UserEnv, p.Written = true, true, []Variable{{"user_env", "true"}}
		},
		"redirect_stderr": func(p *Process) { p.RedirectStderr = true },
		"": func(p *Process) {
			p.Name, p.Group, p.Section, p.StopWaitSecs, p.Stdout.File = "www", "all", "program:www", 99, "/tmp/log"
			p.Environment = Environment{{"A", "b"}, {"SECRET", "hunter2"}}
		},
	} {
		p := newProcess()
		change(p)
		if got := strings.Join(p.Outdated(old), " "); got != what {
			t.Errorf("%s: got %q", what, got)
		}
	}
	for _, unknown := range []string{"", "2 command:x"} {
		if got := newProcess().Outdated(unknown); slices.Contains(got, "command") {
			t.Errorf("%q: %v", unknown, got)
		}
	}
}
