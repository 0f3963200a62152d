package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// policyPart is what options of a Policy belong together: they say one thing.
type policyPart struct {
	options []string
	value   func(*Policy) any
	// bred tells whether a child is born with it, nil for never.
	appliedAtSpawn func(*Policy) bool
}

func always(*Policy) bool { return true }

// policyParts are all parts of a Policy.
var policyParts = []policyPart{
	{[]string{"ready", "ready_timeout", "ready_interval"}, func(p *Policy) any { return p.Ready },
		func(p *Policy) bool { return p.Ready.Kind.SelfReported() }},
	{[]string{"health", "health_interval", "health_timeout", "health_start_period", "health_failures", "health_action"},
		func(p *Policy) any { return p.Health }, func(p *Policy) bool { return p.Health.Kind.SelfReported() }},
	{[]string{"depends_on", "dependent_startup", "dependent_startup_wait_for", "dependent_startup_inherit_priority"}, func(p *Policy) any { return p.DependsOn }, nil},
	{[]string{"wait_for"}, func(p *Policy) any { return p.WaitFor }, nil},
	{[]string{"depends_timeout"}, func(p *Policy) any { return p.DependsTimeout }, nil},
	{[]string{"exit_on", "essential"}, func(p *Policy) any { return p.Exit }, nil},
	{[]string{"stop_scope", "leftovers", "stop_sequence"}, func(p *Policy) any { return p.Stop },
		func(p *Policy) bool { return p.Stop.Scope == ScopeCgroup }},
	{[]string{"restart_delay", "restart_backoff", "restart_delay_max", "restart_jitter", "restart_limit", "restart_limit_action"},
		func(p *Policy) any { return p.Restart }, nil},
	{[]string{"rolling_batch", "rolling_surge", "rolling_pause", "drain_timeout"}, func(p *Policy) any { return p.Rolling }, nil},
	{[]string{"sockets"}, func(p *Policy) any { return p.Listen }, always},
	{[]string{"listen_env"}, func(p *Policy) any { return p.ListenEnv }, always},
	{[]string{"env_file"}, func(p *Policy) any { return p.EnvFiles }, always},
	{[]string{"user_env"}, func(p *Policy) any { return p.UserEnv }, always},
	{[]string{"pre_start", "post_start", "pre_stop", "post_stop", "hook_timeout"}, func(p *Policy) any { return p.Hooks }, nil},
	{[]string{"reload_signal", "reload_command", "reload_check"}, func(p *Policy) any { return p.Refresh }, nil},
}

// diff tells which options have other values, and not only other words.
func (p *Policy) diff(old *Policy) []Change {
	if p.equal(old) {
		return nil
	}
	var list []Change
	for _, part := range policyParts {
		if !reflect.DeepEqual(part.value(p), part.value(old)) {
			list = append(list, part.changes(p, old)...)
		}
	}
	return list
}

// changes lists the options of a part that says something else now.
func (part *policyPart) changes(p, old *Policy) []Change {
	effect := EffectLive
	if part.appliedAtSpawn != nil && (part.appliedAtSpawn(p) || part.appliedAtSpawn(old)) {
		effect = EffectRestart
	}
	var list []Change
	for _, option := range part.options {
		if was, is := old.text(option), p.text(option); was != is {
			list = append(list, Change{option, was, is, effect})
		}
	}
	// What a socket is stands in its own section. And defaults only come to a
	// Policy with the first option: they are no difference.
	if len(list) == 0 && (p.Configured == old.Configured || len(p.Written)+len(old.Written) == 0) {
		list = append(list, Change{part.options[0], old.detailedText(part), p.detailedText(part), effect})
	}
	return list
}

// text is what the file says, "" for nothing.
func (p *Policy) text(option string) string {
	i := slices.IndexFunc(p.Written, func(v Variable) bool { return v.Name == option })
	if i < 0 {
		return ""
	}
	return p.Written[i].Value
}

// settings are those of a socket that are not the default.
func (s *ListenSocket) settings() string {
	var all []string
	if s.Backlog > 0 {
		all = append(all, fmt.Sprintf("backlog %d", s.Backlog))
	}
	if s.ReusePort {
		all = append(all, "reuse_port")
	}
	if s.Family == "unix" && s.Mode != defaultSocketMode {
		all = append(all, fmt.Sprintf("socket_mode %04o", s.Mode))
	}
	if s.UID >= 0 || s.GID >= 0 {
		all = append(all, fmt.Sprintf("socket_owner %d:%d", s.UID, s.GID))
	}
	if len(all) == 0 {
		return ""
	}
	return " with " + strings.Join(all, ", ")
}

// detailedText says more about an option that has the same text in both files.
func (p *Policy) detailedText(part *policyPart) string {
	text := p.text(part.options[0])
	var urls []string
	for _, s := range p.Listen {
		urls = append(urls, s.URL+s.settings())
	}
	if part.options[0] == "sockets" && len(urls) > 0 {
		return text + " (" + strings.Join(urls, ", ") + ")"
	}
	return text
}
