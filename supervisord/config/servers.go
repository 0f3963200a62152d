package config

import (
	"strings"

	"supervisor/supervisord/config/password"
	"supervisor/supervisord/config/python"
)

// servers reads the sections of the HTTP servers. They are recognised by the
// beginning of their names, so that there can be several of a kind.
func (l *loader) servers() {
	for _, section := range l.sections("inet_http_server") {
		r := l.reader(InInetServer, section)
		s := Server{Section: section, Family: "tcp", UID: -1, GID: -1}
		r.authentication(&s)
		if !r.isSet("port") {
			r.fail("port", "section ["+section+"] has no port value")
			continue
		}
		a := get[address](r, "port")
		s.Host, s.Port = a.host, a.port
		s.GetActions = get[bool](r, "get_actions")
		for _, name := range get[[]string](r, "allowed_hosts") {
			s.AllowedHosts = append(s.AllowedHosts, strings.TrimSuffix(strings.ToLower(name), "."))
		}
		l.conf.Servers = append(l.conf.Servers, s)
	}
	for _, section := range l.sections("unix_http_server") {
		r := l.reader(InUnixServer, section)
		s := Server{Section: section, Family: "unix"}
		if !r.isSet("file") {
			r.fail("file", "section ["+section+"] has no file value")
			continue
		}
		s.Path = l.host.Normalize(python.Strip(get[string](r, "file")))
		r.authentication(&s)
		s.UID, s.GID = r.owner("chown")
		s.owner, _ = r.text("chown")
		s.Mode = uint32(get[int](r, "chmod"))
		l.conf.Servers = append(l.conf.Servers, s)
	}
}

// owner reads user:group; -1 leaves either as it is.
func (r *reader) owner(option string) (uid, gid int) {
	if o, ok := read[owner](r, option); ok {
		return o.uid, o.gid
	}
	return -1, -1
}

// authentication reads username= and password=, of which one without the other
// is a mistake.
func (r *reader) authentication(s *Server) {
	username, haveUser := read[string](r, "username")
	secret, havePassword := read[string](r, "password")
	if haveUser != havePassword {
		r.fail("username", "Section ["+r.section+"] contains incomplete authentication: "+
			"If a username or a password is specified, both the username and password must be specified")
	}
	if _, err := password.Parse(secret); err != nil {
		r.fail("password", "Invalid password value in section ["+r.section+"]: "+err.Error())
	}
	s.Username, s.Password, s.credentials = username, secret, haveUser
}
