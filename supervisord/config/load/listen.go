package load

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// parseListen fills in the address of a socket.
func parseListen(s *config.ListenSocket, h *source.Host, text string) error {
	if path, ok := strings.CutPrefix(text, "unix://"); ok {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("%s is not an absolute path", python.Repr(path))
		}
		s.Family, s.Path = "unix", h.Normalize(path)
		s.URL = "unix://" + s.Path
		return nil
	}
	address, ok := strings.CutPrefix(text, "tcp://")
	if !ok {
		return fmt.Errorf("%s is neither tcp://host:port nor unix:///absolute/path", python.Repr(text))
	}
	host, digits, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("it needs tcp://host:port, with an IPv6 address in brackets and * for all interfaces")
	}
	if s.Port, err = option.PortNumber(digits); err != nil {
		return fmt.Errorf("bad port: %w", err)
	}
	s.Family, s.Host = "tcp", python.Lower(host)
	if s.Host == "*" {
		s.Host = ""
	}
	s.URL = "tcp://" + net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	return nil
}

// warnOfSharedProbes warns of probes that any process may answer: the kernel picks
// one of several processes that accept on a socket, so a healthy process may answer
// for an unhealthy one.
func (l *loader) warnOfSharedProbes() {
	var all []*config.Process
	users := make(map[*config.ListenSocket]int)
	for _, g := range l.conf.Groups {
		all = append(all, g.Processes...)
	}
	for _, p := range all {
		for _, s := range p.Listen {
			users[s]++
		}
	}
	seen := make(map[programID]bool)
	for _, p := range all {
		if len(p.Listen) == 0 || seen[programIDOf(p)] {
			continue
		}
		seen[programIDOf(p)] = true
		for _, s := range p.Listen {
			l.warnOfSharedProbe(p, "ready", &p.Ready.Probe, s, users[s])
			l.warnOfSharedProbe(p, "health", &p.Health.Probe, s, users[s])
		}
	}
}

func (l *loader) warnOfSharedProbe(p *config.Process, name string, probe *config.Probe, s *config.ListenSocket, users int) {
	if users > 1 && reaches(probe, s) {
		l.warnExtension("[%s] %s asks whichever of %d processes accepts on [%s], not each: one that works answers for one that does not",
			p.Section, name, users, s.Section)
	}
}

// reaches reports whether a probe connects to a socket. Host names are not looked up.
func reaches(p *config.Probe, s *config.ListenSocket) bool {
	address := p.Address
	switch p.Kind {
	case config.HTTPProbe:
		u, err := url.Parse(address)
		if err != nil {
			return false
		}
		address = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
	case config.TCPProbe, config.UnixProbe, config.FCGIProbe:
	default:
		return false
	}
	if s.Family == "unix" {
		return address == s.Path
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port != strconv.Itoa(s.Port) {
		return false
	}
	ip := net.ParseIP(s.Host)
	return s.Host == "" || ip != nil && ip.IsUnspecified() || hostName(host) == hostName(s.Host)
}

// hostName replaces the addresses of this machine by one name.
func hostName(host string) string {
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return "localhost"
	}
	return python.Lower(host)
}

// listenSockets finds the sockets that sockets= names.
func (r *reader) listenSockets() []*config.ListenSocket {
	var list []*config.ListenSocket
	for _, name := range get[[]string](r, "sockets") {
		i := slices.IndexFunc(r.conf.Sockets, func(s *config.ListenSocket) bool { return s.Name == name })
		if i < 0 {
			var known []string
			for _, s := range r.conf.Sockets {
				known = append(known, s.Name)
			}
			r.Fail("sockets", fmt.Sprintf("there is no [socket:%s]%s", name, option.Suggest(name, known)))
			continue
		}
		list = append(list, r.conf.Sockets[i])
	}
	return list
}

// checkProbeFD refuses a probe on a descriptor that is one of the sockets.
func (r *reader) checkProbeFD(p *config.Policy) {
	if last := firstSocketFD + len(p.Listen) - 1; p.Ready.Kind == config.FDProbe && p.Ready.FD <= last { // health has no fd:
		r.Fail("ready", fmt.Sprintf("descriptor %d is one of sockets=, which has those from %d to %d", p.Ready.FD, firstSocketFD, last))
	}
}

// firstSocketFD is the descriptor of the first of sockets=.
const firstSocketFD = 3

// sockets reads all [socket:x].
func (l *loader) sockets() {
	taken := make(map[string]string)
	for _, header := range l.Sections("socket:") {
		r := l.reader(option.InSocket, header)
		r.WithLocation = true
		s := r.listenSocket()
		if other := taken[s.URL]; other != "" && s.URL != "" {
			r.Fail("listen", fmt.Sprintf("[%s] listens there already", other))
		}
		taken[s.URL] = header
		l.conf.Sockets = append(l.conf.Sockets, s)
	}
}

// listenSocket reads a [socket:x].
func (r *reader) listenSocket() *config.ListenSocket {
	s := &config.ListenSocket{Name: r.sectionName(), Section: r.Section, UID: -1, GID: -1}
	s.Backlog, s.ReusePort = get[int](r, "backlog"), get[bool](r, "reuse_port")
	owner, haveOwner := read[option.Ownership](r, "socket_owner")
	if haveOwner {
		s.UID, s.GID = owner.UID, owner.GID
	}
	url, ok := r.Text("listen")
	switch {
	case !ok && r.IsSet("listen"):
		return s
	case url == "":
		r.Fail("listen", "it needs a listen line: tcp://host:port or unix:///absolute/path")
		return s
	}
	if err := parseListen(s, &r.Host, url); err != nil {
		r.Fail("listen", err.Error())
	}
	if s.Family == "unix" {
		s.Mode = uint32(get[int](r, "socket_mode"))
	}
	switch {
	case s.Family == "tcp" && (haveOwner || r.IsSet("socket_mode")):
		r.Fail("listen", "socket_owner and socket_mode are for a unix:// socket only")
	case s.Family == "unix" && s.ReusePort:
		r.Fail("reuse_port", "reuse_port is for a tcp:// socket only")
	}
	return s
}
