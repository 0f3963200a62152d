package config

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"supervisor/supervisord/python"
)

// parse fills in where the socket listens.
func (s *ListenSocket) parse(h *Host, url string) error {
	if path, ok := strings.CutPrefix(url, "unix://"); ok {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("%s is not an absolute path", python.Repr(path))
		}
		s.Family, s.Path = "unix", h.normalize(path)
		s.URL = "unix://" + s.Path
		return nil
	}
	address, ok := strings.CutPrefix(url, "tcp://")
	if !ok {
		return fmt.Errorf("%s is neither tcp://host:port nor unix:///absolute/path", python.Repr(url))
	}
	host, digits, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("it needs tcp://host:port, with an IPv6 address in brackets and * for all interfaces")
	}
	if s.Port, err = portNumber(digits); err != nil {
		return fmt.Errorf("bad port: %w", err)
	}
	s.Family, s.Host = "tcp", python.Lower(host)
	if s.Host == "*" {
		s.Host = ""
	}
	s.URL = "tcp://" + net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	return nil
}
