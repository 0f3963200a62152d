package config

import (
	"fmt"
	"strings"
	"time"
)

// override returns the value of an option of [supervisord]: the command line's,
// else the file's. The file's is checked in any case.
func override[T any](r *reader, name string) T {
	v := get[T](r, name)
	if o, ok := r.Overrides[name].(T); ok {
		return o
	}
	return v
}

// supervisord reads the section [supervisord].
func (l *loader) supervisord() {
	r := l.reader(InSupervisord, "supervisord")
	s := &l.conf.Supervisord
	s.MinFDs = override[int](r, "minfds")
	s.MinProcs = override[int](r, "minprocs")
	s.Directory = override[string](r, "directory")
	s.User = override[string](r, "user")
	s.Umask = override[int](r, "umask")
	s.Logfile = override[string](r, "logfile")
	if s.Logfile != "syslog" {
		s.Logfile = l.host.Normalize(s.Logfile)
	}
	s.LogfileMaxBytes = override[int64](r, "logfile_maxbytes")
	s.LogfileBackups = override[int](r, "logfile_backups")
	s.LogLevel = override[LogLevel](r, "loglevel")
	s.Pidfile = l.host.Normalize(override[string](r, "pidfile"))
	_, given := l.Overrides["pidfile"]
	s.PidfileSet = given || r.isSet("pidfile")
	s.StateFile = s.stateFile(get[string](r, "state_file"), r.isSet("state_file"))
	if s.StateFile != "" {
		s.StateFile = l.host.Normalize(s.StateFile)
	}
	s.StateFileSet = r.isSet("state_file")
	s.Orphans = get[OrphanPolicy](r, "orphan_policy")
	s.Identifier = override[string](r, "identifier")
	s.NoDaemon = override[bool](r, "nodaemon")
	s.Silent = override[bool](r, "silent")
	s.ChildLogDir = l.childLogDir(r)
	s.NoCleanup = override[bool](r, "nocleanup")
	s.StripANSI = override[bool](r, "strip_ansi")
	s.Subreaper = get[AutoBool](r, "subreaper")
	s.ExitOn = r.exitOn()
	s.ExitStatus = get[ExitStatus](r, "exit_code")
	s.ShutdownTimeout = get[time.Duration](r, "shutdown_timeout")
	s.ShutdownParallel = get[bool](r, "shutdown_parallel")
	s.UpdateGranularity = get[Granularity](r, "update_granularity")
	s.Strict = override[bool](r, "strict")
	s.Environment = get[Environment](r, "environment")
	l.addEnvironment(s.Environment)
}

// exitOn reads exit_on=. Some have it in their files already, with words of their
// own for a listener of theirs, and Supervisor starts with that.
func (r *reader) exitOn() ExitOn {
	text, isSet := r.text("exit_on")
	on, err := exitOn(text)
	if isSet && err != nil {
		r.warnExtension("[supervisord] exit_on is ignored: %v", err)
	}
	if o, ok := r.Overrides["exit_on"].(ExitOn); ok {
		return o
	}
	return on
}

// stateFile stands beside the pidfile unless set. A pidfile that is a device, as
// of those who don't want one, has nothing beside it.
func (s *Supervisord) stateFile(configured string, isSet bool) string {
	switch {
	case isSet:
		return configured
	case strings.HasPrefix(s.Pidfile, "/dev/"), strings.HasPrefix(s.Pidfile, "/proc/"):
		return ""
	}
	return s.Pidfile + ".state"
}

// childLogDir is the temporary directory unless set.
func (l *loader) childLogDir(r *reader) string {
	if dir := override[string](r, "childlogdir"); dir != "" || r.isSet("childlogdir") {
		return dir
	}
	dir, err := existingDirectory(l.host, l.host.TempDir)
	if err != nil {
		r.fail("childlogdir", err.Error())
	}
	return dir
}

// resolveUserAndURL resolves what depends on the whole file: the user to run as and the
// address that processes are told.
func (l *loader) resolveUserAndURL() {
	s := &l.conf.Supervisord
	r := l.reader(InSupervisord, "supervisord")
	_, given := l.Overrides["user"]
	if given || r.isSet("user") {
		uid, err := userID(l.host, s.User)
		if err != nil {
			r.fail("user", err.Error())
		}
		s.UID = &uid
	}
	s.ServerURL = serverURL(l.conf.Servers)
}

// serverURL prefers the first Unix socket to the last TCP address.
func serverURL(servers []Server) string {
	url := ""
	for _, s := range servers {
		if s.Family == "unix" {
			return "unix://" + s.Path
		}
		host := s.Host
		if host == "" {
			host = "localhost"
		}
		url = fmt.Sprintf("http://%s:%d", host, s.Port)
	}
	return url
}
