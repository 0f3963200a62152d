package config

import (
	"slices"
	"strings"
	"testing"

	"supervisor/supervisord/config/source/sourcetest"
)

// TestOptionsAreConsistent wants each row of the table to be complete.
func TestOptionsAreConsistent(t *testing.T) {
	t.Parallel()
	h := sourcetest.Host("/")
	shorts := ""
	for _, o := range Options() {
		if o.Help == "" {
			t.Errorf("%s has no help", o.Name)
		}
		if o.In == 0 && !o.Long {
			t.Errorf("%s can be given nowhere", o.Name)
		}
		if o.Default != "" && !strings.Contains(o.Default, "%") {
			if _, err := o.Type.parse(&h, o.Default); err != nil {
				t.Errorf("default of %s: %v", o.Name, err)
			}
		}
		if strings.ContainsAny(shorts, o.Short) && o.Short != "" {
			t.Errorf("-%s is taken", o.Short)
		}
		shorts += o.Short
	}
}

func TestOptionsAreUnique(t *testing.T) {
	t.Parallel()
	for in := InSupervisord; in <= InSocket; in <<= 1 {
		names := optionNames(in)
		slices.Sort(names)
		if got := slices.Compact(slices.Clone(names)); len(got) != len(names) {
			t.Errorf("%v has an option twice: %q", in.Headers(), names)
		}
		if len(names) == 0 {
			t.Errorf("%v has no options", in.Headers())
		}
	}
}

// TestOptionsAreACopy: nobody can change the table.
func TestOptionsAreACopy(t *testing.T) {
	t.Parallel()
	Options()[0].Name = "changed"
	if Options()[0].Name == "changed" {
		t.Error("the table was changed")
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	if got := strings.Join((InPrograms | InGroup).Headers(), " "); got != "group:x program:x eventlistener:x fcgi-program:x" {
		t.Error(got)
	}
}

func TestSectionKind(t *testing.T) {
	t.Parallel()
	for section, want := range map[string]Sections{
		"supervisord": InSupervisord, "include": InInclude, "supervisorctl": InSupervisorctl,
		"unix_http_server": InUnixServer, "unix_http_server:2": InUnixServer, "inet_http_server_x": InInetServer,
		"rpcinterface:supervisor": InRPCInterface, "ctlplugin:x": InCtlPlugin, "group:g": InGroup,
		"program:": InProgram, "eventlistener:l": InEventListener, "fcgi-program:f": InFastCGI, "socket:s": InSocket,
		"program": 0, "supervisord:x": 0, "Program:x": 0, "": 0,
	} {
		got, known := sectionKind(section)
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

func TestTypesHaveNames(t *testing.T) {
	t.Parallel()
	for kind := Text; kind <= GranularityValue; kind++ {
		if kind.String() == "" {
			t.Errorf("type %d has no name", kind)
		}
	}
}
