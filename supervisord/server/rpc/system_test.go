package rpc

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/xmlrpc"
)

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

// TestClientDisconnectEndsMulticall: a client that hangs up during the first call of a
// multicall ends it, and one that has hung up before gets no call made.
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
		t.Error("called after the client had gone:", called)
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
		t.Error("not ended:", called)
	}
}
