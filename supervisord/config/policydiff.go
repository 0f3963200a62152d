package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// part is a group of options of a Policy that are compared together, because
// they describe one thing. Its name is that of its first option.
type part struct {
	name  string
	value func(*Policy) any
	// appliedAtSpawn reports whether a running process would have to be spawned
	// again to get another value. It is nil for never.
	appliedAtSpawn func(*Policy) bool
	// digested names the options in the order in which digests have them, if
	// that is not the order of the table.
	digested []string
}

func always(*Policy) bool { return true }

// parts are all parts of a Policy. The rows of the table say which option
// belongs to which part.
var parts = []part{
	{name: "ready", value: func(p *Policy) any { return p.Ready }, appliedAtSpawn: func(p *Policy) bool { return p.Ready.Kind.SelfReported() }},
	{name: "health", value: func(p *Policy) any { return p.Health }, appliedAtSpawn: func(p *Policy) bool { return p.Health.Kind.SelfReported() },
		digested: []string{"health", "health_interval", "health_timeout", "health_start_period", "health_failures", "health_action"}},
	{name: "depends_on", value: func(p *Policy) any { return p.DependsOn }},
	{name: "wait_for", value: func(p *Policy) any { return p.WaitFor }},
	{name: "depends_timeout", value: func(p *Policy) any { return p.DependsTimeout }},
	{name: "exit_on", value: func(p *Policy) any { return p.Exit }},
	{name: "stop_scope", value: func(p *Policy) any { return p.Stop }, appliedAtSpawn: func(p *Policy) bool { return p.Stop.Scope == ScopeCgroup }},
	{name: "restart_delay", value: func(p *Policy) any { return p.Restart }},
	{name: "rolling_batch", value: func(p *Policy) any { return p.Rolling }},
	{name: "sockets", value: func(p *Policy) any { return p.Listen }, appliedAtSpawn: always},
	{name: "listen_env", value: func(p *Policy) any { return p.ListenEnv }, appliedAtSpawn: always},
	{name: "env_file", value: func(p *Policy) any { return p.EnvFiles }, appliedAtSpawn: always},
	{name: "user_env", value: func(p *Policy) any { return p.UserEnv }, appliedAtSpawn: always},
	{name: "pre_start", value: func(p *Policy) any { return p.Hooks }},
	{name: "reload_signal", value: func(p *Policy) any { return p.Refresh }},
}

// Parts lists the parts of a Policy by the names of their first options.
func Parts() []string {
	names := make([]string, len(parts))
	for i := range parts {
		names[i] = parts[i].name
	}
	return names
}

// options lists the options of a part.
func (part *part) options() []string {
	if part.digested != nil {
		return part.digested
	}
	var list []string
	for i := range extensionOptions {
		if o := &extensionOptions[i]; o.Part == part.name {
			list = append(list, o.Name)
		}
	}
	return list
}

// diff returns the options that have other values, not only other texts.
func (p *Policy) diff(old *Policy) []Change {
	if p.equal(old) {
		return nil
	}
	var list []Change
	for _, part := range parts {
		if !reflect.DeepEqual(part.value(p), part.value(old)) {
			list = append(list, part.changes(p, old)...)
		}
	}
	return list
}

// changes lists the options of a part whose value has changed.
func (part *part) changes(p, old *Policy) []Change {
	effect := EffectLive
	if part.appliedAtSpawn != nil && (part.appliedAtSpawn(p) || part.appliedAtSpawn(old)) {
		effect = EffectRestart
	}
	var list []Change
	for _, option := range part.options() {
		if was, is := old.text(option), p.text(option); was != is {
			list = append(list, Change{option, was, is, effect})
		}
	}
	// The settings of a socket are in its own section. A Policy gets the defaults
	// only together with its first option, so they are no change.
	if len(list) == 0 && (p.Configured == old.Configured || len(p.Written)+len(old.Written) == 0) {
		list = append(list, Change{part.name, old.detailedText(part), p.detailedText(part), effect})
	}
	return list
}

// text returns what the file has for an option, "" for nothing.
func (p *Policy) text(option string) string {
	i := slices.IndexFunc(p.Written, func(v Variable) bool { return v.Name == option })
	if i < 0 {
		return ""
	}
	return p.Written[i].Value
}

// settings describes what differs from the defaults of a socket.
func (s *ListenSocket) settings() string {
	var all []string
	if s.Backlog > 0 {
		all = append(all, fmt.Sprintf("backlog %d", s.Backlog))
	}
	if s.ReusePort {
		all = append(all, "reuse_port")
	}
	if s.Family == "unix" && s.Mode != DefaultSocketMode {
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

// detailedText distinguishes values of an option that has the same text in both files.
func (p *Policy) detailedText(part *part) string {
	text := p.text(part.name)
	var urls []string
	for _, s := range p.Listen {
		urls = append(urls, s.URL+s.settings())
	}
	if part.name == "sockets" && len(urls) > 0 {
		return text + " (" + strings.Join(urls, ", ") + ")"
	}
	return text
}
