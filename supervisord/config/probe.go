package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/config/python"
)

// Probe is a way to check whether something works.
type Probe struct {
	Text    string // as written, "" for none
	Kind    ProbeKind
	Address string         // HTTP: the URL; TCP: host:port; Unix, File: an absolute path; FCGI: either of both
	Path    string         // FCGI: what to ask for, from the slash on
	Command string         // Exec
	FD      int            // FD: at least 3
	Pattern *regexp.Regexp // LogLine
}

// ProbeKind is the kind of a Probe.
type ProbeKind int

// The kinds of probes.
const (
	NoProbe     ProbeKind = iota
	HTTPProbe             // a GET is answered with 2xx or 3xx
	TCPProbe              // a connection is accepted
	UnixProbe             // the same on a unix socket
	FCGIProbe             // a FastCGI request is answered without an error
	ExecProbe             // a command exits with 0
	NotifyProbe           // the program reports it by sd_notify
	FDProbe               // the program writes a line to a descriptor
	LogProbe              // a line of its output matches
	FileProbe             // a file exists
	numProbes
)

// SelfReported reports whether the program itself reports, once, that it is ready.
// Then it is spawned with what it needs for that, or its output is watched from the
// start, and the probe can't be repeated.
func (k ProbeKind) SelfReported() bool { return k == NotifyProbe || k == FDProbe || k == LogProbe }

// maxFD is the highest descriptor of an fd: probe.
const maxFD = 99

// probeForms says how each kind is written.
func probeForms() [numProbes]string {
	return [...]string{
		HTTPProbe: "http://host:port/path", TCPProbe: "tcp://host:port", UnixProbe: "unix:/path",
		FCGIProbe: "fcgi://host:port/path", ExecProbe: "exec:command", NotifyProbe: "notify", FDProbe: "fd:N",
		LogProbe: "log:regex", FileProbe: "file:/path", NoProbe: "",
	}
}

// probe reads a probe of any kind.
func probe(s string) (Probe, error) {
	text := python.Strip(s)
	p := Probe{Text: text}
	scheme, rest, _ := strings.Cut(text, ":")
	var err error
	switch python.Lower(scheme) {
	case "http", "https":
		p.Kind, p.Address = HTTPProbe, text
		err = httpURL(text)
	case "tcp":
		p.Kind = TCPProbe
		p.Address, err = hostPort(strings.TrimPrefix(rest, "//"))
	case "unix":
		p.Kind = UnixProbe
		p.Address, err = absolutePath(rest)
	case "fcgi":
		p.Kind = FCGIProbe
		p.Address, p.Path, err = fcgiAddress(rest)
	case "exec":
		p.Kind, p.Command = ExecProbe, python.Strip(rest)
		if p.Command == "" {
			err = fmt.Errorf("there is no command behind exec:")
		}
	case "notify":
		p.Kind = NotifyProbe
		if text != scheme {
			err = fmt.Errorf("notify stands alone")
		}
	case "fd":
		p.Kind = FDProbe
		if p.FD, err = strconv.Atoi(rest); err != nil || p.FD < 3 || p.FD > maxFD {
			err = fmt.Errorf("fd: is followed by a descriptor from 3 to %d", maxFD)
		}
	case "log":
		p.Kind = LogProbe
		p.Pattern, err = regexp.Compile(rest)
	case "file":
		p.Kind = FileProbe
		p.Address, err = absolutePath(rest)
	default:
		err = fmt.Errorf("not a probe")
	}
	if err != nil {
		return Probe{}, fmt.Errorf("%s: %w", python.Repr(s), err)
	}
	return p, nil
}

// probeOf reads a probe of one of some kinds.
func probeOf(s string, kinds ...ProbeKind) (Probe, error) {
	p, err := probe(s)
	forms := make([]string, len(kinds))
	for i, k := range kinds {
		forms[i] = probeForms()[k]
		if err == nil && k == p.Kind {
			return p, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%s can't be used here", python.Repr(s))
	}
	return Probe{}, fmt.Errorf("%w (allowed: %s)", err, option.JoinOr(forms))
}

func readyProbe(s string) (Probe, error) {
	return probeOf(s, HTTPProbe, TCPProbe, UnixProbe, FCGIProbe, ExecProbe, NotifyProbe, FDProbe, LogProbe, FileProbe)
}

func healthProbe(s string) (Probe, error) {
	return probeOf(s, HTTPProbe, TCPProbe, UnixProbe, FCGIProbe, ExecProbe, NotifyProbe)
}

// waitForProbes reads a list of probes. A command may have commas, so an exec:
// extends to the next probe or to the end.
func waitForProbes(s string) ([]Probe, error) {
	var parts []string
	for part := range strings.SplitSeq(s, ",") {
		if i := len(parts) - 1; i >= 0 && strings.HasPrefix(python.Strip(parts[i]), "exec:") && !looksLikeProbe(part) {
			parts[i] += "," + part
			continue
		}
		parts = append(parts, part)
	}
	var probes []Probe
	for _, part := range parts {
		p, err := probeOf(part, HTTPProbe, TCPProbe, UnixProbe, FCGIProbe, ExecProbe, FileProbe)
		if err != nil {
			return nil, err
		}
		probes = append(probes, p)
	}
	return probes, nil
}

func looksLikeProbe(s string) bool {
	scheme, _, ok := strings.Cut(python.Strip(s), ":")
	switch scheme {
	case "http", "https", "tcp", "unix", "fcgi", "exec", "file":
		return ok
	}
	return false
}

func httpURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return fmt.Errorf("this is no URL")
	case u.Hostname() == "":
		return fmt.Errorf("the URL has no host")
	}
	if port := u.Port(); port != "" {
		_, err = option.PortNumber(port)
	}
	return err
}

// hostPort requires both. An IPv6 address is in brackets.
func hostPort(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return "", fmt.Errorf("it needs host:port")
	}
	if _, err := option.PortNumber(port); err != nil {
		return "", fmt.Errorf("bad port: %w", err)
	}
	return net.JoinHostPort(host, port), nil
}

// absolutePath accepts /path, and ///path as in a URL.
func absolutePath(s string) (string, error) {
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		s = rest
	}
	if !filepath.IsAbs(s) {
		return "", fmt.Errorf("it needs an absolute path")
	}
	return filepath.Clean(s), nil
}

// fcgiAddress splits //host:port/name, or ///path/to.sock/name, where the socket
// ends in .sock or .socket. Any other path is a socket as a whole.
func fcgiAddress(s string) (address, path string, err error) {
	rest, ok := strings.CutPrefix(s, "//")
	if !ok {
		return "", "", fmt.Errorf("it needs // and an address")
	}
	path = "/ping" // what php-fpm answers in the usual examples
	if !strings.HasPrefix(rest, "/") {
		host, name, named := strings.Cut(rest, "/")
		if named {
			path = "/" + name
		}
		address, err = hostPort(host)
		return address, path, err
	}
	for _, end := range []string{".sock/", ".socket/"} {
		if i := strings.Index(rest, end); i >= 0 {
			i += len(end) - 1
			rest, path = rest[:i], rest[i:]
		}
	}
	address, err = absolutePath(rest)
	return address, path, err
}
