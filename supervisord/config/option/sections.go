package option

import "strings"

// Sections is a set of kinds of sections.
type Sections uint16

// The kinds of sections.
const (
	InSupervisord Sections = 1 << iota
	InInclude
	InUnixServer
	InInetServer
	InSupervisorctl
	InRPCInterface
	InCtlPlugin
	InGroup
	InProgram
	InEventListener
	InFastCGI
	InSocket

	// InPrograms is where the options of processes stand, InServers where those of
	// HTTP servers do.
	InPrograms = InProgram | InEventListener | InFastCGI
	InServers  = InUnixServer | InInetServer
)

// Headers returns how the sections of the set are headed: "program:x".
func (s Sections) Headers() []string {
	all := []string{
		"supervisord", "include", "unix_http_server", "inet_http_server", "supervisorctl", "rpcinterface:x",
		"ctlplugin:x", "group:x", "program:x", "eventlistener:x", "fcgi-program:x", "socket:x",
	}
	var list []string
	for i, header := range all {
		if s&(1<<i) != 0 {
			list = append(list, header)
		}
	}
	return list
}

// KindOf returns the kind of the section of a name, and whether there is one.
func KindOf(section string) (Sections, bool) {
	for in := InSupervisord; in <= InSocket; in <<= 1 {
		header := in.Headers()[0]
		prefix, hasName := strings.CutSuffix(header, "x")
		switch {
		case in&InServers != 0:
			hasName, prefix = true, header // the beginning of the name is enough
		case section == header && !strings.Contains(header, ":"):
			return in, true
		}
		if hasName && strings.HasPrefix(section, prefix) {
			return in, true
		}
	}
	return 0, false
}
