package config

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"supervisor/supervisord/config/shlex"
)

// hasExtensions tells whether the section says anything that Supervisor doesn't know.
// Most don't, and the files of thousands of programs are read faster without
// looking for all of it.
func (r *reader) hasExtensions() bool {
	return slices.ContainsFunc(r.table.Options(r.section), func(name string) bool {
		o := find(r.in, name)
		return o != nil && o.Extension && o.In == InPrograms
	})
}

// policy reads what Supervisor doesn't know.
func (r *reader) policy(p *Policy) {
	p.Configured, p.Written = true, r.extensionTexts()
	r.probes(p)
	p.DependsOn = r.dependsOn()
	p.WaitFor = get[[]Probe](r, "wait_for")
	p.DependsTimeout = get[time.Duration](r, "depends_timeout")
	p.Exit = ExitPolicy{get[bool](r, "essential"), get[ExitOn](r, "exit_on")}
	if p.Exit.On&OnAllExited != 0 {
		r.fail("exit_on", "all_exited is for [supervisord]; a program has fatal, exit, failure and success")
	}
	p.Stop = StopPolicy{
		Scope: get[StopScope](r, "stop_scope"), Leftovers: get[Leftovers](r, "leftovers"),
		LeftoversSet: r.isSet("leftovers"), Sequence: get[[]StopStep](r, "stop_sequence"),
	}
	r.restartPolicy(&p.Restart)
	p.Rolling = Rolling{
		Batch: get[Share](r, "rolling_batch"), Surge: get[int](r, "rolling_surge"),
		Pause: get[time.Duration](r, "rolling_pause"), DrainTimeout: get[time.Duration](r, "drain_timeout"),
	}
	p.Listen, p.ListenEnv = r.listenSockets(), get[AutoBool](r, "listen_env")
	r.checkProbeFD(p)
	p.EnvFiles = get[[]EnvFile](r, "env_file")
	p.UserEnv = get[bool](r, "user_env")
	p.Hooks = Hooks{
		PreStart: get[string](r, "pre_start"), PostStart: get[string](r, "post_start"),
		PreStop: get[string](r, "pre_stop"), PostStop: get[string](r, "post_stop"),
		Timeout: get[time.Duration](r, "hook_timeout"),
	}
	p.Refresh = Refresh{
		Signal: get[syscall.Signal](r, "reload_signal"), Command: get[string](r, "reload_command"), Check: get[string](r, "reload_check"),
	}
	for _, name := range []string{"pre_start", "post_start", "pre_stop", "post_stop", "reload_command", "reload_check"} {
		if _, err := shlex.Split(get[string](r, name)); err != nil {
			r.fail(name, fmt.Sprintf("it can't be split into words: %v", err))
		}
	}
	if p.Refresh.Signal != 0 && p.Refresh.Command != "" {
		r.fail("reload_command", "either reload_signal or reload_command can be set, not both")
	}
}

// dependsOn reads depends_on=.
func (r *reader) dependsOn() []Dependency {
	list := slices.Clone(get[[]Dependency](r, "depends_on")) // a default is shared
	for i := range list {
		list[i].Section, list[i].Option = r.section, "depends_on"
	}
	return list
}

// extensionTexts lists what the section says that Supervisor doesn't know.
func (r *reader) extensionTexts() []Variable {
	var list []Variable
	for i := range options {
		o := &options[i]
		if o.In != InPrograms || !o.Extension || !r.isSet(o.Name) {
			continue
		}
		if text, ok := r.text(o.Name); ok {
			list = append(list, Variable{o.Name, text})
		}
	}
	return list
}

// probes reads readiness and health.
func (r *reader) probes(p *Policy) {
	p.Ready = Readiness{
		Probe: get[Probe](r, "ready"), Timeout: get[time.Duration](r, "ready_timeout"), Interval: get[time.Duration](r, "ready_interval"),
	}
	spec := get[healthActionSpec](r, "health_action")
	p.Health = Health{
		Probe: get[Probe](r, "health"), Interval: get[time.Duration](r, "health_interval"), Timeout: get[time.Duration](r, "health_timeout"),
		StartPeriod: get[time.Duration](r, "health_start_period"), Failures: get[int](r, "health_failures"), Action: spec.action,
	}
	if spec.action == HealthSignal {
		p.Health.Signal, _ = stopSignal(spec.signal)
	}
	for _, name := range []string{"ready_timeout", "ready_interval", "health_interval", "health_timeout", "hook_timeout"} {
		if d, ok := read[time.Duration](r, name); ok && d == 0 {
			r.fail(name, "it must be more than 0")
		}
	}
}

// restartPolicy reads when a process is born again.
func (r *reader) restartPolicy(p *RestartPolicy) {
	limit := get[rate](r, "restart_limit")
	*p = RestartPolicy{
		Delay: get[time.Duration](r, "restart_delay"), BackoffFactor: get[float64](r, "restart_backoff"),
		Max: get[time.Duration](r, "restart_delay_max"), Jitter: get[float64](r, "restart_jitter"),
		Limit: limit.limit, Window: limit.window, LimitAction: get[LimitAction](r, "restart_limit_action"),
	}
	if p.Delay == Forever {
		r.fail("restart_delay", "restart_delay can't be infinity: autorestart=false is for that")
	}
	if p.Delay > p.Max {
		r.fail("restart_delay_max", fmt.Sprintf("restart_delay_max is less than restart_delay, which is %s", p.Delay))
	}
}

// listenSockets finds the sockets that sockets= names.
func (r *reader) listenSockets() []*ListenSocket {
	var list []*ListenSocket
	for _, name := range get[[]string](r, "sockets") {
		i := slices.IndexFunc(r.conf.Sockets, func(s *ListenSocket) bool { return s.Name == name })
		if i < 0 {
			var known []string
			for _, s := range r.conf.Sockets {
				known = append(known, s.Name)
			}
			r.fail("sockets", fmt.Sprintf("there is no [socket:%s]%s", name, suggest(name, known)))
			continue
		}
		list = append(list, r.conf.Sockets[i])
	}
	return list
}

// checkProbeFD refuses a probe on a descriptor that is one of the sockets.
func (r *reader) checkProbeFD(p *Policy) {
	if last := firstSocketFD + len(p.Listen) - 1; p.Ready.Kind == FDProbe && p.Ready.FD <= last { // health has no fd:
		r.fail("ready", fmt.Sprintf("descriptor %d is one of sockets=, which has those from %d to %d", p.Ready.FD, firstSocketFD, last))
	}
}

// firstSocketFD is the descriptor of the first of sockets=.
const firstSocketFD = 3

// sockets reads all [socket:x].
func (l *loader) sockets() {
	taken := make(map[string]string)
	for _, section := range l.sections("socket:") {
		r := l.reader(InSocket, section)
		r.withLocation = true
		s := r.listenSocket()
		if other := taken[s.URL]; other != "" && s.URL != "" {
			r.fail("listen", fmt.Sprintf("[%s] listens there already", other))
		}
		taken[s.URL] = section
		l.conf.Sockets = append(l.conf.Sockets, s)
	}
}

// listenSocket reads a [socket:x].
func (r *reader) listenSocket() *ListenSocket {
	s := &ListenSocket{Name: r.sectionName(), Section: r.section, UID: -1, GID: -1}
	s.Backlog, s.ReusePort = get[int](r, "backlog"), get[bool](r, "reuse_port")
	owner, haveOwner := read[owner](r, "socket_owner")
	if haveOwner {
		s.UID, s.GID = owner.uid, owner.gid
	}
	url, ok := r.text("listen")
	switch {
	case !ok && r.isSet("listen"):
		return s
	case url == "":
		r.fail("listen", "it needs a listen line: tcp://host:port or unix:///absolute/path")
		return s
	}
	if err := s.parse(r.host, url); err != nil {
		r.fail("listen", err.Error())
	}
	if s.Family == "unix" {
		s.Mode = uint32(get[int](r, "socket_mode"))
	}
	switch {
	case s.Family == "tcp" && (haveOwner || r.isSet("socket_mode")):
		r.fail("listen", "socket_owner and socket_mode are for a unix:// socket only")
	case s.Family == "unix" && s.ReusePort:
		r.fail("reuse_port", "reuse_port is for a tcp:// socket only")
	}
	return s
}
