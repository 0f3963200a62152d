package load

import (
	"fmt"
	"slices"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/shlex"
)

// hasExtensions reports whether the section sets any extension. Most sections set
// none, and thousands of programs load faster without a look at each extension.
func (r *reader) hasExtensions() bool {
	return slices.ContainsFunc(r.Table.Options(r.Section), func(name string) bool {
		o := r.Find(name)
		return o != nil && isExtension(o)
	})
}

// policy reads the extensions, part by part, and checks each part at once, so that
// the errors of a part are together.
func (r *reader) policy(p *config.Policy) {
	p.Configured, p.Written = true, r.extensionTexts()
	for _, part := range r.rows.parts {
		r.Fill(part.options, p)
		r.completePart(p, part.name)
	}
}

// completePart adds to a part what the table can't say, and checks it.
func (r *reader) completePart(p *config.Policy, part string) {
	switch part {
	case "health":
		r.checkTimes()
	case "depends_on":
		p.DependsOn = r.dependsOn()
	case "exit_on":
		if p.Exit.On&config.OnAllExited != 0 {
			r.Fail("exit_on", "all_exited is for [supervisord]; a program has fatal, exit, failure and success")
		}
	case "stop_scope":
		p.Stop.LeftoversSet = r.IsSet("leftovers")
	case "restart_delay":
		r.checkRestart(&p.Restart)
	case "sockets":
		p.Listen = r.listenSockets()
	case "listen_env":
		r.checkProbeFD(p)
	case "reload_signal":
		r.checkCommands(p)
	}
}

// dependsOn reads depends_on=.
func (r *reader) dependsOn() []config.Dependency {
	list := slices.Clone(get[[]config.Dependency](r, "depends_on")) // a default is shared
	for i := range list {
		list[i].Section, list[i].Option = r.Section, "depends_on"
	}
	return list
}

// extensionTexts lists the extensions that the section sets.
func (r *reader) extensionTexts() []config.Variable {
	var list []config.Variable
	for _, o := range r.Options() {
		if !isExtension(o) || !r.IsSet(o.Name) {
			continue
		}
		if text, ok := r.Text(o.Name); ok {
			list = append(list, config.Variable{Name: o.Name, Value: text})
		}
	}
	return list
}

// checkTimes refuses times that must not be 0.
func (r *reader) checkTimes() {
	for _, name := range []string{"ready_timeout", "ready_interval", "health_interval", "health_timeout", "hook_timeout"} {
		if d, ok := read[time.Duration](r, name); ok && d == 0 {
			r.Fail(name, "it must be more than 0")
		}
	}
}

// checkRestart refuses delays that make no sense together.
func (r *reader) checkRestart(p *config.RestartPolicy) {
	if p.Delay == option.Forever {
		r.Fail("restart_delay", "restart_delay can't be infinity: autorestart=false is for that")
	}
	if p.Delay > p.Max {
		r.Fail("restart_delay_max", fmt.Sprintf("restart_delay_max is less than restart_delay, which is %s", p.Delay))
	}
}

// checkCommands refuses commands that can't be run, and two ways to reload.
func (r *reader) checkCommands(p *config.Policy) {
	for _, name := range []string{"pre_start", "post_start", "pre_stop", "post_stop", "reload_command", "reload_check"} {
		if _, err := shlex.Split(get[string](r, name)); err != nil {
			r.Fail(name, fmt.Sprintf("it can't be split into words: %v", err))
		}
	}
	if p.Refresh.Signal != 0 && p.Refresh.Command != "" {
		r.Fail("reload_command", "either reload_signal or reload_command can be set, not both")
	}
}
