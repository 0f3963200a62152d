package rpc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
)

func TestTwiddler(t *testing.T) {
	t.Parallel()
	f, l := &fake{mood: states.DaemonRunning}, newLog()
	h, err := New(Options{Services: f.services(), Log: l.Logger(),
		Twiddlers: []Twiddler{{Namespace: "all"}, {Namespace: "few", Whitelist: []string{"log", "getAPIVersion"}}}})
	if err != nil {
		t.Fatal(err)
	}
	options := map[string]any{"command": "/bin/x", "numprocs": 2, "autostart": false}
	for _, tt := range []struct {
		method string
		params []any
		fault  string
		called string
	}{
		{"all.getAPIVersion", nil, "", ""},
		{"all.getGroupNames", nil, "", ""},
		{"all.addProgramToGroup", []any{"g", "p", options}, "", "AddProgram g p map[autostart:False command:/bin/x numprocs:2]"},
		{"all.addProgramToGroup", []any{"g", "p", map[string]any{"command": []string{"x"}}}, "INCORRECT_PARAMETERS", ""},
		{"all.addProgramToGroup", []any{"g", "p", "command=x"}, "INCORRECT_PARAMETERS", ""},
		{"all.addProgramToGroup", []any{"g", "p"}, "INCORRECT_PARAMETERS", ""},
		{"all.removeProcessFromGroup", []any{"g", "p"}, "STILL_RUNNING: p", "RemoveProcess g p"},
		{"all.log", []any{"plain"}, "", ""},
		{"all.log", []any{"by name\nand more", "crit"}, "", ""},
		{"few.log", []any{"by number", 30}, "", ""},
		{"all.log", []any{"x", "loud"}, "INCORRECT_PARAMETERS", ""},
		{"all.log", []any{"x", 21}, "INCORRECT_PARAMETERS", ""},
		{"few.getAPIVersion", nil, "", ""},
		{"few.getGroupNames", nil, "UNKNOWN: getGroupNames", ""},
		{"few.removeProcessFromGroup", []any{"g", "p"}, "UNKNOWN: removeProcessFromGroup", ""},
		{"all.nothing", nil, "UNKNOWN_METHOD", ""},
	} {
		var reply any
		err := call(h, &reply, tt.method, tt.params...)
		if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%s%v: %v, want %q", tt.method, tt.params, err, tt.fault)
		}
		if got := strings.Join(f.called(), ", "); got != tt.called {
			t.Errorf("%s%v: %q, want %q", tt.method, tt.params, got, tt.called)
		}
	}
	var said []string
	for _, line := range l.Lines() {
		if !strings.Contains(line, "XML-RPC method") {
			said = append(said, line)
		}
	}
	if diff := cmp.Diff([]string{"0 plain", "12 by name\ufffdand more", "4 by number"}, said); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
