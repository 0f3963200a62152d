package load

import (
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/password"
	"supervisor/supervisord/config/python"
)

// servers reads the sections of the HTTP servers. Only the beginning of their names
// counts, so there can be several of a kind.
func (l *loader) servers() {
	for _, header := range l.Sections("inet_http_server") {
		r := l.reader(option.InInetServer, header)
		s := config.Server{Section: header, Family: "tcp", UID: -1, GID: -1}
		r.authentication(&s)
		if !r.IsSet("port") {
			r.Fail("port", "section ["+header+"] has no port value")
			continue
		}
		a := get[option.Address](r, "port")
		s.Host, s.Port = a.Host, a.Port
		s.GetActions = get[bool](r, "get_actions")
		for _, name := range get[[]string](r, "allowed_hosts") {
			s.AllowedHosts = append(s.AllowedHosts, strings.TrimSuffix(strings.ToLower(name), "."))
		}
		l.conf.Servers = append(l.conf.Servers, s)
	}
	for _, header := range l.Sections("unix_http_server") {
		r := l.reader(option.InUnixServer, header)
		s := config.Server{Section: header, Family: "unix"}
		if !r.IsSet("file") {
			r.Fail("file", "section ["+header+"] has no file value")
			continue
		}
		s.Path = l.Host.Normalize(python.Strip(get[string](r, "file")))
		r.authentication(&s)
		s.UID, s.GID = r.owner("chown")
		s.Owner, _ = r.Text("chown")
		s.Mode = uint32(get[int](r, "chmod"))
		l.conf.Servers = append(l.conf.Servers, s)
	}
}

// owner reads user:group. -1 leaves either as it is.
func (r *reader) owner(name string) (uid, gid int) {
	if o, ok := read[option.Ownership](r, name); ok {
		return o.UID, o.GID
	}
	return -1, -1
}

// authentication reads username= and password=. One without the other is an error.
func (r *reader) authentication(s *config.Server) {
	username, haveUser := read[string](r, "username")
	secret, havePassword := read[string](r, "password")
	if haveUser != havePassword {
		r.Fail("username", "Section ["+r.Section+"] contains incomplete authentication: "+
			"If a username or a password is specified, both the username and password must be specified")
	}
	if _, err := password.Parse(secret); err != nil {
		r.Fail("password", "Invalid password value in section ["+r.Section+"]: "+err.Error())
	}
	s.Username, s.Password, s.Credentials = username, secret, haveUser
}
