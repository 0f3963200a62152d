package rpc

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/xmlrpc"
)

// TestLeftBehindNotesInHeader: the result of a stop is Supervisor's, and a header has
// notes about descendants left behind.
func TestLeftBehindNotesInHeader(t *testing.T) {
	t.Parallel()
	f, h, _ := newTestHandler(t)
	for _, tt := range []struct {
		method string
		params []any
		want   string
	}{
		{"supervisor.killProcess", []any{"cat"}, "<boolean>1</boolean>"},
		{"supervisor.stopProcessGroup", []any{"cat"}, "<array>"},
		{"supervisor.killAllProcesses", nil, "<array>"},
	} {
		for _, left := range [][]string{nil, {"cat: left behind pid 7 (sleep 100)", "dog: left behind pid 8 (sleep 100)"}} {
			f.leftBehind = left
			var e xmlrpc.Encoder
			body, err := e.Call(nil, tt.method, tt.params...)
			if err != nil {
				t.Fatal(err)
			}
			w := post(h, "text/xml", string(body))
			if !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%s: %s", tt.method, w.Body)
			}
			if diff := cmp.Diff(left, w.Header().Values(NoteHeader)); diff != "" {
				t.Errorf("%s, notes (-want +got):\n%s", tt.method, diff)
			}
		}
	}
	f.leftBehind = []string{"cat: left behind pid 7"}
	w := post(h, "application/json", `{"jsonrpc":"2.0","id":1,"method":"supervisor.killProcess","params":["cat"]}`)
	if !strings.Contains(w.Body.String(), `"result":true`) || w.Code != http.StatusOK {
		t.Errorf("JSON: %s", w.Body)
	}
	var results []any
	if err := call(h, &results, "system.multicall", []any{map[string]any{"methodName": "supervisor.killProcess", "params": []any{"cat"}}}); err != nil || len(results) != 1 || results[0] != true {
		t.Errorf("multicall: %v, %v", results, err)
	}
}
