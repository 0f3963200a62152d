package rpc

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

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
	// A call without id gets no answer.
	if w := post(h, "application/json", `{"jsonrpc": "2.0", "method": "supervisor.getState"}`); w.Body.Len() != 0 {
		t.Error(w.Body)
	}
}

// FuzzJSON: no request causes an internal error, and every answer is JSON.
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
