package option

import (
	"strings"
	"testing"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	if got := strings.Join((InPrograms | InGroup).Headers(), " "); got != "group:x program:x eventlistener:x fcgi-program:x" {
		t.Error(got)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	for section, want := range map[string]Sections{
		"supervisord": InSupervisord, "include": InInclude, "supervisorctl": InSupervisorctl,
		"unix_http_server": InUnixServer, "unix_http_server:2": InUnixServer, "inet_http_server_x": InInetServer,
		"rpcinterface:supervisor": InRPCInterface, "ctlplugin:x": InCtlPlugin, "group:g": InGroup,
		"program:": InProgram, "eventlistener:l": InEventListener, "fcgi-program:f": InFastCGI, "socket:s": InSocket,
		"program": 0, "supervisord:x": 0, "Program:x": 0, "": 0,
	} {
		got, known := KindOf(section)
		if got != want || known != (want != 0) {
			t.Errorf("%q: %v, want %v", section, got.Headers(), want.Headers())
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"abc", "abc"}: 0, {"", "abc"}: 3, {"abc", ""}: 3, {"abc", "abd"}: 1, {"abc", "acb"}: 2,
		{"autostat", "autostart"}: 1, {"kitten", "sitting"}: 3,
	} {
		if got := distance(pair[0], pair[1]); got != want {
			t.Errorf("distance of %q is %d, want %d", pair, got, want)
		}
	}
}
