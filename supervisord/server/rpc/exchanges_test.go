package rpc

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/api/xmlrpc"
)

// readRecorded decodes the answer of a recorded exchange into v.
func readRecorded(t testing.TB, name string, v any) {
	t.Helper()
	_, answer := exchange(t, filepath.Join("testdata", "exchanges", "running", name+".txt"))
	if err := xmlrpc.DecodeResponse([]byte(answer), v); err != nil {
		t.Fatal(err)
	}
}

// exchange reads a recorded request and its answer. An answer with a status other than
// 200 is only that status.
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

// TestExchangesWithSupervisor: the answers to recorded requests are those of Supervisor
// 4.4, byte for byte.
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

// TestPythonClient: Python's own client decodes unusual texts and numbers.
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
