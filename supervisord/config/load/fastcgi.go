package load

import (
	"errors"
	"fmt"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// fastCGI reads an [fcgi-program:x] that is in no [group:x].
func (l *loader) fastCGI(header string) *config.Group {
	r := l.groupReader(option.InFastCGI, header)
	g := &config.Group{Section: header, Kind: config.FastCGI, Name: r.sectionName()}
	g.Priority = get[int](r, "priority")
	socket := r.socket()
	g.Socket = &socket
	l.addProgram(g, config.FastCGI, header, g.Socket)
	return g
}

// socket reads the options of the socket of an [fcgi-program:x].
func (r *reader) socket() config.FastCGISocket {
	uid, haveUser := read[int](r, "user")
	s := config.FastCGISocket{UID: -1, GID: -1}
	if backlog, ok := read[int](r, "socket_backlog"); ok {
		if backlog < 1 || backlog > 65535 {
			r.Fail("socket_backlog", fmt.Sprintf("Invalid socket_backlog value %d", backlog))
		}
		s.Backlog = backlog
	}
	owner, haveOwner := read[option.Ownership](r, "socket_owner")
	mode, haveMode := read[int](r, "socket_mode")
	url := r.socketURL()
	if url == "" {
		return s
	}
	if err := listen(&s, &r.Host, url, haveOwner || haveMode); err != nil {
		r.Fail("socket", fmt.Sprintf("%v in [%s] socket", err, r.Section))
	}
	if haveMode {
		s.Mode = uint32(mode)
	}
	switch {
	case haveOwner:
		s.UID, s.GID = owner.UID, owner.GID
		s.Owner, _ = r.Text("socket_owner")
	case s.Family == "unix" && haveUser && uid != r.Host.UID:
		a, _ := r.Host.UserID(uid)
		s.UID, s.GID = uid, a.GID
	}
	return s
}

// socketURL reads socket=, which may refer to program_name.
func (r *reader) socketURL() string {
	_, program, _ := strings.Cut(r.Section, ":")
	r.Vars.Program = python.Strip(program)
	r.AllowedNames |= option.NameProgram
	url, ok := r.Text("socket")
	if url == "" && (ok || !r.IsSet("socket")) {
		r.Fail("socket", fmt.Sprintf("[%s] section requires a \"socket\" line", r.Section))
	}
	return url
}

// listen fills in the address of the socket. Only a Unix socket has an owner and a
// mode.
func listen(s *config.FastCGISocket, h *source.Host, url string, owned bool) error {
	if path, ok := strings.CutPrefix(url, "unix://"); ok {
		return listenUnix(s, h, path)
	}
	if owned {
		return errors.New("socket_owner and socket_mode params should only be used with a Unix domain socket")
	}
	return listenTCP(s, url)
}

func listenUnix(s *config.FastCGISocket, h *source.Host, path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("Unix socket path %s is not an absolute path", path)
	}
	s.Family, s.Path, s.Mode = "unix", h.Normalize(path), config.DefaultSocketMode
	s.URL = "unix://" + s.Path
	return nil
}

func listenTCP(s *config.FastCGISocket, url string) error {
	address, _ := strings.CutPrefix(url, "tcp://")
	host, digits, ok := strings.Cut(address, ":")
	if address == url || !ok || host == "" || digits == "" || strings.ContainsFunc(host, python.IsSpace) ||
		strings.Trim(digits, "0123456789") != "" {
		return fmt.Errorf("Bad socket format %s", url)
	}
	port, err := option.PortNumber(digits)
	if err != nil {
		return err
	}
	s.Family, s.Host, s.Port = "tcp", python.Lower(host), port
	s.URL = fmt.Sprintf("tcp://%s:%d", s.Host, s.Port)
	return nil
}
