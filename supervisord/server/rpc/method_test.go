package rpc

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
)

// calls are methods with valid parameters, and the calls that the fake then receives.
var calls = []struct {
	method string
	params []any
	named  string // the same as JSON
	called string
}{
	{"getAPIVersion", nil, `{}`, ""},
	{"getVersion", nil, `null`, ""},
	{"getSupervisorVersion", nil, `[]`, ""},
	{"getIdentification", nil, `{}`, ""},
	{"getState", nil, `{}`, ""},
	{"getPID", nil, `{}`, ""},
	{"readLog", []any{-5, 0}, `{"offset": -5, "length": 0}`, "ReadMainLog -5 0"},
	{"readMainLog", []any{"7", 2.9}, `{"offset": "7", "length": 2.9}`, "ReadMainLog 7 2"},
	{"clearLog", nil, `{}`, "ClearMainLog"},
	{"shutdown", nil, `{}`, "Shutdown"},
	{"restart", nil, `{}`, "Restart"},
	{"reloadConfig", nil, `{}`, "Reload"},
	{"sendRemoteCommEvent", []any{"a", 5}, `{"type": "a", "data": 5}`, "RemoteEvent a 5"},
	{"getProcessInfo", []any{"cat"}, `{"name": "cat"}`, ""},
	{"getAllProcessInfo", nil, `{}`, ""},
	{"getAllConfigInfo", nil, `{}`, ""},
	{"startProcess", []any{"off"}, `{"name": "off"}`, "StartProcess off true"},
	{"startProcess", []any{"off", false}, `{"wait": false, "name": "off"}`, "StartProcess off false"},
	{"startProcess", []any{"off", 0}, `{"wait": 0, "name": "off"}`, "StartProcess off false"},
	{"startProcess", []any{"off", "no"}, `{"wait": "no", "name": "off"}`, "StartProcess off true"},
	{"startProcessGroup", []any{"cat"}, `{"name": "cat"}`, "StartGroup cat true"},
	{"startAllProcesses", []any{false}, `{"wait": false}`, "StartAll false"},
	{"stopProcess", []any{"cat:*"}, `{"name": "cat:*"}`, "StopProcess cat:* true"},
	{"stopProcessGroup", []any{"cat", 0.0}, `{"name": "cat", "wait": 0.0}`, "StopGroup cat false"},
	{"stopAllProcesses", nil, `{}`, "StopAll true"},
	{"signalProcess", []any{"cat", "HUP"}, `{"name": "cat", "signal": "HUP"}`, "SignalProcess cat HUP"},
	{"signalProcess", []any{"cat", 1}, `{"name": "cat", "signal": 1}`, "SignalProcess cat 1"},
	{"signalProcessGroup", []any{"cat", "HUP"}, `{"name": "cat", "signal": "HUP"}`, "SignalGroup cat HUP"},
	{"signalAllProcesses", []any{"HUP"}, `{"signal": "HUP"}`, "SignalAll HUP"},
	{"sendProcessStdin", []any{"cat", "ø\n"}, `{"name": "cat", "chars": "ø\n"}`, "SendStdin cat ø"},
	{"addProcessGroup", []any{"cat"}, `{"name": "cat"}`, "AddGroup cat"},
	{"removeProcessGroup", []any{"cat"}, `{"name": "cat"}`, "RemoveGroup cat"},
	{"readProcessStdoutLog", []any{"cat", 1, 2}, `{"name": "cat", "offset": 1, "length": 2}`, "ReadLog cat stdout 1 2"},
	{"readProcessLog", []any{"cat", true, 2}, `{"name": "cat", "offset": true, "length": 2}`, "ReadLog cat stdout 1 2"},
	{"readProcessStderrLog", []any{"cat", 1, 2}, `{"name": "cat", "offset": 1, "length": 2}`, "ReadLog cat stderr 1 2"},
	{"tailProcessStdoutLog", []any{"cat", 1, 2}, `{"name": "cat", "offset": 1, "length": 2}`, "TailLog cat stdout 1 2"},
	{"tailProcessLog", []any{"cat", 1, 2}, `{"name": "cat", "offset": 1, "length": 2}`, "TailLog cat stdout 1 2"},
	{"tailProcessStderrLog", []any{"cat", 1, 2}, `{"name": "cat", "offset": 1, "length": 2}`, "TailLog cat stderr 1 2"},
	{"clearProcessLogs", []any{"cat"}, `{"name": "cat"}`, "ClearLogs cat"},
	{"clearProcessLog", []any{"cat"}, `{"name": "cat"}`, "ClearLogs cat"},
	{"clearAllProcessLogs", nil, `{}`, "ClearAllLogs"},
}

// TestEveryMethodByEveryProtocol: each method has the same effect and result by XML-RPC
// and by JSON-RPC with positional and named parameters.
func TestEveryMethodByEveryProtocol(t *testing.T) {
	t.Parallel()
	f, h, _ := newTestHandler(t)
	seen := map[string]bool{}
	for _, c := range calls {
		seen["supervisor."+c.method] = true
		name := "supervisor." + c.method
		positional, err := json.Marshal(c.params)
		if err != nil {
			t.Fatal(err)
		}
		var first any
		for i, do := range []func() any{
			func() any { return normalizedResult(func(v any) error { return call(h, v, name, c.params...) }) },
			func() any {
				return normalizedResult(func(v any) error { return callJSON(h, v, name, string(positional)) })
			},
			func() any { return normalizedResult(func(v any) error { return callJSON(h, v, name, c.named) }) },
		} {
			got := do()
			if called := strings.Join(f.called(), ", "); called != c.called {
				t.Errorf("%s: did %q, want %q", c.method, called, c.called)
			}
			if i == 0 {
				first = got
			} else if d := cmp.Diff(first, got); d != "" {
				t.Errorf("%s: %s", c.method, d)
			}
		}
	}
	var names []string
	if err := call(h, &names, "system.listMethods"); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !seen[name] && !strings.HasPrefix(name, "system.") {
			t.Errorf("%s was not called", name)
		}
	}
}

// normalizedResult returns the result of either protocol in one form: the text of a fault,
// anything else as JSON.
func normalizedResult(do func(any) error) any {
	var v any
	if err := do(&v); err != nil {
		return err.Error()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return err.Error()
	}
	return v
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method string
		params string // as JSON
		code   faults.Code
		text   string
	}{
		{"supervisor.nope", `[]`, 1, "UNKNOWN_METHOD"},
		{"supervisor.getstate", `[]`, 1, "UNKNOWN_METHOD"},
		{"supervisor.__init__", `[]`, 1, "UNKNOWN_METHOD"},
		{"getState", `[]`, 1, "UNKNOWN_METHOD"},
		{"", `[]`, 1, "UNKNOWN_METHOD"},
		{goMethod, `[]`, 1, "UNKNOWN_METHOD"},
		// The public exploit of CVE-2017-11610 walks from attribute to attribute.
		{"supervisor.supervisord.options.warnings.linecache.os.system", `["id"]`, 1, "UNKNOWN_METHOD"},
		{"supervisor.supervisord.options.execve", `["/bin/sh", [], {}]`, 1, "UNKNOWN_METHOD"},
		{"system.namespaces", `[]`, 1, "UNKNOWN_METHOD"},
		{"supervisor.getState", `[1]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.getState", `{"x": 1}`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.startProcess", `{"wait": true}`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.startProcess", `{"name": "a", "x": true}`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.startProcess", `["a", true, true]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.startProcess", `["a", null]`, 10, "BAD_NAME: a"},
		{"supervisor.startProcess", `["a", []]`, 10, "BAD_NAME: a"},
		{"supervisor.getProcessInfo", `[]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.getProcessInfo", `[null]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.getProcessInfo", `[5]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.getProcessInfo", `[["cat"]]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.signalProcess", `["cat", [1]]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.readLog", `["x", 0]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.readLog", `[1e300, 0]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.readLog", `[null, 0]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.sendProcessStdin", `["cat", 5]`, 2, "INCORRECT_PARAMETERS: 5"},
		{"supervisor.sendProcessStdin", `["cat", 1e100]`, 2, "INCORRECT_PARAMETERS: 1e+100"},
		{"supervisor.sendProcessStdin", `["cat", false]`, 2, "INCORRECT_PARAMETERS: False"},
		{"supervisor.sendProcessStdin", `["cat", null]`, 2, "INCORRECT_PARAMETERS"},
		{"supervisor.sendProcessStdin", `["cat", []]`, 2, "INCORRECT_PARAMETERS"},
		{"system.multicall", `["x"]`, 2, "INCORRECT_PARAMETERS"},
		{"system.methodHelp", `["nope"]`, 4, "SIGNATURE_UNSUPPORTED"},
		{"supervisor.readLog", `[0, 0]`, 30, "FAILED: not a fault"},
	}
	_, h, _ := newTestHandler(t)
	for _, tt := range tests {
		var p Params
		if err := p.UnmarshalJSON([]byte(tt.params)); err != nil {
			t.Fatal(err)
		}
		want := &xmlrpc.Fault{Code: tt.code, Text: tt.text}
		if got := callJSON(h, nil, tt.method, tt.params); !reflect.DeepEqual(got, error(want)) {
			t.Errorf("JSON: %s(%s): %v", tt.method, tt.params, got)
		}
		if p.Named != nil || tt.method == "" {
			continue // XML-RPC has no named parameters and no empty name
		}
		if got := call(h, nil, tt.method, p.List...); !reflect.DeepEqual(got, error(want)) {
			t.Errorf("XML: %s(%s): %v", tt.method, tt.params, got)
		}
	}
}

func TestConfiguredNamespaces(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{nil, {"other", "system"}, {"supervisor", "other"}} {
		h, err := New(Options{Services: (&fake{mood: states.DaemonRunning}).services(), Namespaces: names, Log: newLog().Logger()})
		if err != nil {
			t.Fatal(err)
		}
		for _, ns := range []string{"supervisor", "other", "system"} {
			want := strings.Contains(fmt.Sprint(names), ns) && ns != "system"
			if got := call(h, nil, ns+".getState") == nil; got != want {
				t.Errorf("%s with %v: %v", ns, names, got)
			}
		}
		var list []string
		if err := call(h, &list, "system.listMethods"); err != nil || strings.HasPrefix(list[0], "other.") != strings.Contains(fmt.Sprint(names), "other") {
			t.Error(names, list, err)
		}
	}
}
