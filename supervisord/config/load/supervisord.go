package load

import (
	"fmt"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
)

// supervisord reads the section [supervisord].
func (l *loader) supervisord() {
	r := l.reader(option.InSupervisord, "supervisord")
	s := &l.conf.Supervisord
	r.Fill(r.rows.first, s)
	s.ExitOn = r.exitOn()
	r.Fill(r.rows.last, s)
	l.completeSupervisord(r)
	l.addEnvironment(s.Environment)
}

// completeSupervisord makes paths absolute and applies the defaults that depend
// on other options.
func (l *loader) completeSupervisord(r *reader) {
	s := &l.conf.Supervisord
	if s.Logfile != "syslog" {
		s.Logfile = l.Host.Normalize(s.Logfile)
	}
	s.Pidfile = l.Host.Normalize(s.Pidfile)
	_, given := l.Overrides["pidfile"]
	s.PidfileSet = given || r.IsSet("pidfile")
	s.StateFileSet = r.IsSet("state_file")
	s.StateFile = stateFile(s)
	if s.StateFile != "" {
		s.StateFile = l.Host.Normalize(s.StateFile)
	}
	if s.ChildLogDir == "" && !r.IsSet("childlogdir") {
		s.ChildLogDir = l.childLogDir(r)
	}
}

// exitOn reads exit_on=. Existing files may have an option of that name for a listener
// of their own, and Supervisor starts with it. So a wrong text is only a warning.
func (r *reader) exitOn() config.ExitOn {
	text, isSet := r.Text("exit_on")
	on, err := config.ParseExitOn(text)
	if isSet && err != nil {
		r.warnExtension("[supervisord] exit_on is ignored: %v", err)
	}
	if o, ok := r.Overrides["exit_on"].(config.ExitOn); ok {
		return o
	}
	return on
}

// stateFile is next to the pidfile unless it is set. A pidfile that is a device, for
// users who want none, has no state file.
func stateFile(s *config.Supervisord) string {
	switch {
	case s.StateFileSet:
		return s.StateFile
	case strings.HasPrefix(s.Pidfile, "/dev/"), strings.HasPrefix(s.Pidfile, "/proc/"):
		return ""
	}
	return s.Pidfile + ".state"
}

// childLogDir is the temporary directory.
func (l *loader) childLogDir(r *reader) string {
	dir, err := option.ExistingDirectory(&l.Host, l.Host.TempDir)
	if err != nil {
		r.Fail("childlogdir", err.Error())
	}
	return dir
}

// resolveUserAndURL sets what depends on the whole file: the user to run as, and the
// address that processes get.
func (l *loader) resolveUserAndURL() {
	s := &l.conf.Supervisord
	r := l.reader(option.InSupervisord, "supervisord")
	_, given := l.Overrides["user"]
	if given || r.IsSet("user") {
		uid, err := option.UserID(&l.Host, s.User)
		if err != nil {
			r.Fail("user", err.Error())
		}
		s.UID = &uid
	}
	s.ServerURL = serverURL(l.conf.Servers)
}

// serverURL is the first Unix socket, else the last TCP address.
func serverURL(servers []config.Server) string {
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
