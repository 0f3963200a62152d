package rpc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/logs"
)

// TestLongLogsMatchShortOnes: a long log is encoded exactly like a short one, by both
// protocols and among other results of a multicall.
func TestLongLogsMatchShortOnes(t *testing.T) {
	f, h, _ := newTestHandler(t)
	data := []byte(strings.Repeat("<a>&\"\\ ]]> ø ☃ 😀\r\n\x00\x1b\u0085\xff\xe2\x82|", 10_000))
	f.log = filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(f.log, data, 0o600); err != nil {
		t.Fatal(err)
	}
	text := logs.Text(data)
	tail := []any{text, int64(len(data)), false}
	read, follow := []any{"file", 0, 0}, []any{"file", 0, len(data)}
	several := []any{
		map[string]any{"methodName": "supervisor.readProcessStdoutLog", "params": read},
		map[string]any{"methodName": "supervisor.getSupervisorVersion"},
		map[string]any{"methodName": "supervisor.tailProcessStdoutLog", "params": follow},
	}
	for _, tt := range []struct {
		method string
		params []any
		want   any
	}{
		{"supervisor.readProcessStdoutLog", read, text},
		{"supervisor.tailProcessStderrLog", follow, tail},
		{"system.multicall", []any{several}, []any{text, "4.4.0.dev0", tail}},
	} {
		var e xmlrpc.Encoder
		body, err := e.Call(nil, tt.method, tt.params...)
		if err != nil {
			t.Fatal(err)
		}
		want, err := e.Response(nil, tt.want)
		if err != nil {
			t.Fatal(err)
		}
		w := post(h, typeXML, string(body))
		if w.Body.String() != string(want) || w.Header().Get("Content-Length") == "" {
			t.Errorf("%s by XML: %d bytes, want %d", tt.method, w.Body.Len(), len(want))
		}
		params, err := json.Marshal(tt.params)
		if err != nil {
			t.Fatal(err)
		}
		result, err := json.Marshal(tt.want)
		if err != nil {
			t.Fatal(err)
		}
		w = post(h, typeJSON, `{"jsonrpc":"2.0","method":"`+tt.method+`","params":`+string(params)+`,"id":1}`)
		if got, want := strings.TrimSpace(w.Body.String()), `{"jsonrpc":"2.0","result":`+string(result)+`,"id":1}`; got != want {
			t.Errorf("%s by JSON: %d bytes, want %d: %.200s", tt.method, len(got), len(want), got)
		}
	}
}
