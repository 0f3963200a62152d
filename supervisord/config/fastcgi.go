package config

import (
	"errors"
	"fmt"
	"strings"

	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// defaultSocketMode is for the owner alone.
const defaultSocketMode = 0o700

// fastCGI reads an [fcgi-program:x] that stands in no [group:x].
func (l *loader) fastCGI(section string) *Group {
	r := l.groupReader(InFastCGI, section)
	g := &Group{Section: section, Kind: FastCGI, Name: r.sectionName()}
	g.Priority = get[int](r, "priority")
	socket := r.socket()
	g.Socket = &socket
	g.addProgram(l.processes(FastCGI, section, g.Name, g.Socket))
	return g
}

// socket reads the options of the socket of an [fcgi-program:x].
func (r *reader) socket() FastCGISocket {
	uid, haveUser := read[int](r, "user")
	s := FastCGISocket{UID: -1, GID: -1}
	if backlog, ok := read[int](r, "socket_backlog"); ok {
		if backlog < 1 || backlog > 65535 {
			r.fail("socket_backlog", fmt.Sprintf("Invalid socket_backlog value %d", backlog))
		}
		s.Backlog = backlog
	}
	owner, haveOwner := read[owner](r, "socket_owner")
	mode, haveMode := read[int](r, "socket_mode")
	url := r.socketURL()
	if url == "" {
		return s
	}
	if err := s.listen(r.host, url, haveOwner || haveMode); err != nil {
		r.fail("socket", fmt.Sprintf("%v in [%s] socket", err, r.section))
	}
	if haveMode {
		s.Mode = uint32(mode)
	}
	switch {
	case haveOwner:
		s.UID, s.GID = owner.uid, owner.gid
		s.owner, _ = r.text("socket_owner")
	case s.Family == "unix" && haveUser && uid != r.host.UID:
		a, _ := r.host.UserID(uid)
		s.UID, s.GID = uid, a.GID
	}
	return s
}

// socketURL reads socket=, in which program_name is known already.
func (r *reader) socketURL() string {
	_, program, _ := strings.Cut(r.section, ":")
	r.vars.program = python.Strip(program)
	r.allowedNames |= NameProgram
	url, ok := r.text("socket")
	if url == "" && (ok || !r.isSet("socket")) {
		r.fail("socket", fmt.Sprintf("[%s] section requires a \"socket\" line", r.section))
	}
	return url
}

// listen fills in where the socket is; the owner and mode of a file make sense
// for a Unix socket only.
func (s *FastCGISocket) listen(h *source.Host, url string, owned bool) error {
	if path, ok := strings.CutPrefix(url, "unix://"); ok {
		return s.listenUnix(h, path)
	}
	if owned {
		return errors.New("socket_owner and socket_mode params should only be used with a Unix domain socket")
	}
	return s.listenTCP(url)
}

func (s *FastCGISocket) listenUnix(h *source.Host, path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("Unix socket path %s is not an absolute path", path)
	}
	s.Family, s.Path, s.Mode = "unix", h.Normalize(path), defaultSocketMode
	s.URL = "unix://" + s.Path
	return nil
}

func (s *FastCGISocket) listenTCP(url string) error {
	address, _ := strings.CutPrefix(url, "tcp://")
	host, digits, ok := strings.Cut(address, ":")
	if address == url || !ok || host == "" || digits == "" || strings.ContainsFunc(host, python.IsSpace) ||
		strings.Trim(digits, "0123456789") != "" {
		return fmt.Errorf("Bad socket format %s", url)
	}
	port, err := portNumber(digits)
	if err != nil {
		return err
	}
	s.Family, s.Host, s.Port = "tcp", python.Lower(host), port
	s.URL = fmt.Sprintf("tcp://%s:%d", s.Host, s.Port)
	return nil
}
