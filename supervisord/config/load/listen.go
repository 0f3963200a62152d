package load

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
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
