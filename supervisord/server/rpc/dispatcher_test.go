package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/tools/testkit"
)

const catLog = "a<b>&\"c\" ]]> ø ☃ 😀\ttab\n"

// newTestHandler returns a door to a fake, and what is written to the log.
func newTestHandler(t testing.TB) (*fake, http.Handler, *testkit.Log) {
	t.Helper()
	f := &fake{mood: states.DaemonRunning, log: catLog}
	readRecorded(t, "getAllProcessInfo", &f.infos)
	readRecorded(t, "getAllConfigInfo", &f.configs)
	l := newLog()
	h, err := New(Options{Services: f.services(), Namespaces: []string{"supervisor"}, Version: "4.4.0.dev0", Log: l.Logger()})
	if err != nil {
		t.Fatal(err)
	}
	return f, h, l
}

func newLog() *testkit.Log { return &testkit.Log{Level: logs.LevelTrace, WithLevels: true} }

// readRecorded reads the answer of a recorded exchange.
func readRecorded(t testing.TB, name string, v any) {
	t.Helper()
	_, answer := exchange(t, filepath.Join("testdata", "exchanges", "running", name+".txt"))
	if err := xmlrpc.DecodeResponse([]byte(answer), v); err != nil {
		t.Fatal(err)
	}
}

// exchange reads a request and its answer; the answer is a status if that was
// not 200.
func exchange(t testing.TB, path string) (request, answer string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	request, answer, ok := strings.Cut(strings.TrimPrefix(string(text), "-- request --\n"), "-- answer --\n")
	if !ok {
		t.Fatalf("%s has no answer", path)
	}
	return request, answer
}

func post(h http.Handler, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/RPC2", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// call makes a call by XML-RPC.
func call(h http.Handler, reply any, method string, params ...any) error {
	var e xmlrpc.Encoder
	body, err := e.Call(nil, method, params...)
	if err != nil {
		return err
	}
	w := post(h, "text/xml", string(body))
	if w.Code != 200 {
		return fmt.Errorf("status %d", w.Code)
	}
	return xmlrpc.DecodeResponse(w.Body.Bytes(), reply)
}

// TestExchangesWithSupervisor sends what was sent to Supervisor 4.4 and wants
// the answer that it gave, byte for byte.
func TestExchangesWithSupervisor(t *testing.T) {
	t.Parallel()
	for dir, mood := range map[string]states.Daemon{"running": states.DaemonRunning, "shutdown": states.DaemonShutdown} {
		paths, err := filepath.Glob(filepath.Join("testdata", "exchanges", dir, "*.txt"))
		if err != nil || len(paths) == 0 {
			t.Fatal(len(paths), err)
		}
		for _, path := range paths {
			t.Run(dir+"/"+filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				f, h, _ := newTestHandler(t)
				f.mood = mood
				request, want := exchange(t, path)
				w := post(h, "text/xml", request)
				got := w.Body.String()
				if w.Code != 200 {
					got = fmt.Sprintln(w.Code)
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Error(d)
				}
				if h := w.Header(); w.Code == 200 && (h.Get("Content-Type") != "text/xml" || h.Get("Content-Length") != fmt.Sprint(len(got))) {
					t.Error(h)
				}
			})
		}
	}
}

// calls are the methods with parameters that are right, and what the
// supervisor is asked for then.
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

// TestEveryMethodByEveryProtocol calls each method by XML-RPC, and by JSON-RPC with
// positional and named parameters, and wants the same of each.
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

// normalizedResult makes results of both protocols alike: a fault as its text, anything
// else as JSON has it.
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

// callJSON makes a call by JSON-RPC.
func callJSON(h http.Handler, reply any, method, params string) error {
	w := post(h, "application/json; charset=utf-8", fmt.Sprintf(`{"jsonrpc": "2.0", "id": 7, "method": %q, "params": %s}`, method, params))
	var answer struct {
		Version string `json:"jsonrpc"`
		ID      int
		Result  json.RawMessage
		Error   *struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		return fmt.Errorf("%d, %q: %w", w.Code, w.Body, err)
	}
	if w.Code != 200 || answer.Version != "2.0" || answer.ID != 7 {
		return fmt.Errorf("status %d, %s", w.Code, w.Body)
	}
	if answer.Error != nil {
		return &xmlrpc.Fault{Code: faults.Code(answer.Error.Code), Text: answer.Error.Message}
	}
	return json.Unmarshal(answer.Result, reply)
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
		{"door.Call", `[]`, 1, "UNKNOWN_METHOD"},
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
			continue // XML-RPC has no such
		}
		if got := call(h, nil, tt.method, p.List...); !reflect.DeepEqual(got, error(want)) {
			t.Errorf("XML: %s(%s): %v", tt.method, tt.params, got)
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	_, h, _ := newTestHandler(t)
	for name, body := range map[string]string{"empty": "", "not UTF-8": "\xff", "no XML": "<", "JSON": `{"jsonrpc": "2.0", "method": "supervisor.getState"}`} {
		if w := post(h, "text/xml", body); w.Code != 400 || w.Body.Len() != 0 {
			t.Error(name, w.Code, w.Body)
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS", "post"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/RPC2", strings.NewReader("x")))
		if w.Code != 400 {
			t.Error(method, w.Code)
		}
	}
}

// TestContentTypeOtherThanJSONIsXML sends XML under all kinds of names, as clients do.
func TestContentTypeOtherThanJSONIsXML(t *testing.T) {
	t.Parallel()
	_, h, _ := newTestHandler(t)
	body := "<methodCall><methodName>supervisor.getAPIVersion</methodName></methodCall>"
	for _, typ := range []string{"", "text/xml", "text/xml; charset=utf-8", "application/xml", "application/x-www-form-urlencoded", "nonsense"} {
		if w := post(h, typ, body); w.Code != 200 || w.Header().Get("Content-Type") != "text/xml" {
			t.Errorf("%q: %d", typ, w.Code)
		}
	}
	for _, typ := range []string{"application/json", "Application/JSON;charset=utf-8", "application/json-rpc"} {
		if w := post(h, typ, body); !strings.Contains(w.Body.String(), "-32700") {
			t.Errorf("%q: %s", typ, w.Body)
		}
	}
}

func TestJSONRPCProtocolErrors(t *testing.T) {
	t.Parallel()
	_, h, _ := newTestHandler(t)
	for body, want := range map[string]string{
		`{`: "-32700",
		`{"method": "supervisor.getState", "id": 1}`:                                                               "-32600",
		`{"jsonrpc": "1.0", "method": "supervisor.getState", "id": 1}`:                                             "-32600",
		`{"jsonrpc": "2.0", "method": "supervisor.getState", "id": 1, "params": 5}`:                                "-32600",
		`{"jsonrpc": "2.0", "method": "supervisor.getState", "id": 1, "params": "x"}`:                              "-32600",
		`{"jsonrpc": "2.0", "method": 5, "id": 1}`:                                                                 "-32700",
		strings.Repeat("[", 1_000_000):                                                                             "-32700",
		`{"jsonrpc": "2.0", "method": "supervisor.getState", "id": 1, "params": ` + strings.Repeat("[", 1_000_000): "-32700",
	} {
		w := post(h, "application/json", body)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"code":`+want) {
			t.Errorf("%.80s: %d %s", body, w.Code, w.Body)
		}
	}
	// A call without id wants no answer.
	if w := post(h, "application/json", `{"jsonrpc": "2.0", "method": "supervisor.getState"}`); w.Body.Len() != 0 {
		t.Error(w.Body)
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

func TestIntrospectionIsConsistent(t *testing.T) {
	t.Parallel()
	_, h, _ := newTestHandler(t)
	var names []string
	if err := call(h, &names, "system.listMethods"); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		var help string
		var types []string
		if err := call(h, &help, "system.methodHelp", name); err != nil {
			t.Fatal(err)
		}
		if err := call(h, &types, "system.methodSignature", name); err != nil {
			t.Fatal(err)
		}
		var params []string
		result := ""
		for line := range strings.Lines(help) {
			words := strings.Fields(line)
			switch {
			case strings.HasPrefix(line, "@param ") && len(words) > 3:
				params = append(params, words[1])
			case strings.HasPrefix(line, "@return ") && len(words) > 2:
				result = words[1]
			}
		}
		if d := cmp.Diff(types, append([]string{result}, params...)); d != "" || strings.HasPrefix(help, "\n") {
			t.Errorf("%s: %s\n%s", name, d, help)
		}
	}
}

func TestMulticallByJSON(t *testing.T) {
	t.Parallel()
	f, h, _ := newTestHandler(t)
	var got []any
	err := callJSON(h, &got, "system.multicall", `{"calls": [
		{"methodName": "supervisor.startProcess", "params": {"name": "off", "wait": false}},
		{"methodName": "supervisor.stopProcess", "params": ["off"]},
		{"methodName": "supervisor.getState", "params": 5},
		{"methodName": "supervisor.getState", "params": null},
		{"methodName": 5}, {"methodName": null}, 5, null]}`)
	if err != nil {
		t.Fatal(err)
	}
	incorrect := map[string]any{"faultCode": 2.0, "faultString": "INCORRECT_PARAMETERS"}
	want := []any{true, map[string]any{"faultCode": 70.0, "faultString": "NOT_RUNNING: off"}, incorrect, incorrect, incorrect,
		map[string]any{"faultCode": 2.0, "faultString": "INCORRECT_PARAMETERS: No methodName"}, incorrect, incorrect}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"StartProcess off false", "StopProcess off true"}, f.called()); d != "" {
		t.Error(d)
	}
}

// TestClientDisconnectEndsMulticall ends a multicall in the middle of its first call.
func TestClientDisconnectEndsMulticall(t *testing.T) {
	t.Parallel()
	f, h, _ := newTestHandler(t)
	f.started = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	var e xmlrpc.Encoder
	start := map[string]any{"methodName": "supervisor.startProcess", "params": []any{"off"}}
	body, err := e.Call(nil, "system.multicall", []any{start, start})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "POST", "/RPC2", bytes.NewReader(body)))
	if called := f.called(); len(called) != 0 {
		t.Error("called for a client that was gone:", called)
	}
	ctx, cancel = context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "POST", "/RPC2", bytes.NewReader(body)))
	}()
	<-f.started
	cancel()
	<-done
	if called := f.called(); len(called) != 1 {
		t.Error("went on:", called)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	_, h, l := newTestHandler(t)
	call(h, nil, "supervisor.getState")
	call(h, nil, "supervisor.getProcessInfo", "nope")
	call(h, nil, "a\nb")
	post(h, "", "hel'lo\n\x00ø\u0085\u2028\U000e0001\\")
	post(h, "", "<methodCall/>")
	post(h, "", strings.Repeat("ø\"'", 10_000))
	call(h, nil, "supervisor.sendRemoteCommEvent", "panic", "oh\ndear")
	want := []string{
		"-8 XML-RPC method called: supervisor.getState()",
		"-8 XML-RPC method supervisor.getState() returned successfully",
		"-8 XML-RPC method called: supervisor.getProcessInfo()",
		"-8 XML-RPC method supervisor.getProcessInfo() returned fault: [10] BAD_NAME: nope",
		"-8 XML-RPC method called: a\uFFFDb()",
		"-8 XML-RPC method a\uFFFDb() returned fault: [1] UNKNOWN_METHOD",
		`8 XML-RPC request data "hel'lo\n\x00ø\x85\u2028\U000e0001\\" is invalid: unmarshallable`,
		"8 XML-RPC request data '<methodCall/>' is invalid: no method name",
	}
	list := l.Lines()
	if d := cmp.Diff(want, list[:len(want)]); d != "" {
		t.Error(d)
	}
	rest := list[len(want):]
	if len(rest) != 3 || len(rest[0]) > 6000 || !strings.HasSuffix(rest[0], "... is invalid: unmarshallable") {
		t.Errorf("%.200q", rest)
	}
	if !strings.HasPrefix(rest[2], "12 Handling XML-RPC request with data \"<?xml") || !strings.Contains(rest[2], "raised an unexpected exception: oh\ndear\n") {
		t.Error(rest[2])
	}
}

func TestPanicsAreInternalErrors(t *testing.T) {
	t.Parallel()
	_, h, _ := newTestHandler(t)
	if err := call(h, nil, "supervisor.sendRemoteCommEvent", "panic", "x"); err == nil || err.Error() != "status 500" {
		t.Error(err)
	}
}

// TestPythonClient has Python's own client read what is hard to read.
func TestPythonClient(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to test with")
	}
	f, h, _ := newTestHandler(t)
	f.log = "\x1b[1m\xff\r\n]]>&amp;<ø☃😀\x00"
	f.configs[0].StdoutLogfileMaxBytes = 5 << 30
	f.configs[0].Autorestart = true
	server := httptest.NewServer(h)
	defer server.Close()
	script := `
import json, sys, xmlrpc.client
s = xmlrpc.client.ServerProxy(sys.argv[1] + '/RPC2')
out = [s.supervisor.readProcessStdoutLog('cat', 0, 0), s.supervisor.getAllConfigInfo()[0]['stdout_logfile_maxbytes'],
       s.supervisor.getAllConfigInfo()[0]['autorestart'], s.supervisor.getProcessInfo('cat')['statename'], s.supervisor.startAllProcesses()]
try:
    s.supervisor.getProcessInfo('<&ø>')
except xmlrpc.client.Fault as f:
    out.append([f.faultCode, f.faultString])
m = xmlrpc.client.MultiCall(s)
out.append(s.system.multicall([{'methodName': 'supervisor.getState', 'params': []}]))
print(json.dumps(out))
`
	cmd := exec.CommandContext(t.Context(), python, "-S", "-E", "-c", script, server.URL)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := []any{"\uFFFD[1m\uFFFD\r\n]]>&amp;<ø☃😀\uFFFD", 2147483647.0, true, "RUNNING", []any{},
		[]any{10.0, "BAD_NAME: <&ø>"}, []any{map[string]any{"statecode": 1.0, "statename": "RUNNING"}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// FuzzJSON checks that no request does harm, and that every answer is JSON.
func FuzzJSON(f *testing.F) {
	for _, c := range calls {
		f.Add(fmt.Sprintf(`{"jsonrpc": "2.0", "id": 1, "method": "supervisor.%s", "params": %s}`, c.method, c.named))
	}
	f.Add(`{"jsonrpc": "2.0", "id": null, "method": "system.multicall", "params": [[{"methodName": "supervisor.getState"}]]}`)
	f.Add(`[]`)
	_, h, _ := newTestHandler(f)
	f.Fuzz(func(t *testing.T, body string) {
		w := post(h, "application/json", body)
		if w.Code == 200 && w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: %q", body, w.Body)
		}
		if w.Code == 500 {
			t.Errorf("%q: internal error", body)
		}
	})
}

// FuzzXML checks that no request does harm, and that every answer can be read.
func FuzzXML(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "exchanges", "*", "*.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		request, _ := exchange(f, path)
		f.Add(request)
	}
	_, h, _ := newTestHandler(f)
	f.Fuzz(func(t *testing.T, body string) {
		w := post(h, "text/xml", body)
		if w.Code != 200 {
			if w.Code != 400 {
				t.Errorf("%q: status %d", body, w.Code)
			}
			return
		}
		err := xmlrpc.DecodeResponse(w.Body.Bytes(), new(any))
		if _, ok := err.(*xmlrpc.SyntaxError); ok {
			t.Errorf("%q: %q: %v", body, w.Body, err)
		}
	})
}

func BenchmarkGetState(b *testing.B) {
	_, h, _ := newTestHandler(b)
	body := "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.getAPIVersion</methodName>\n<params>\n</params>\n</methodCall>\n"
	b.ReportAllocs()
	for b.Loop() {
		if w := post(h, "text/xml", body); w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}
