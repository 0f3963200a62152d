package web

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/supervisor"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a supervisor whose processes do nothing. It records calls.
type fake struct {
	mood      states.Daemon
	processes []api.ProcessInfo
	logs      map[string]string
	fails     map[string]error // by call
	calls     []string
	called    func(ctx context.Context, call string) // if not nil
}

func newFake(processes ...api.ProcessInfo) *fake {
	return &fake{mood: states.DaemonRunning, processes: processes, logs: map[string]string{}, fails: map[string]error{}}
}

// process returns a process; "g:p" is p in group g.
func process(name string, st states.Process, description string) api.ProcessInfo {
	spec := namespec.Parse(name)
	return api.ProcessInfo{Group: spec.Group, Name: spec.Process, State: st, StateName: st.String(), Description: description}
}

func (f *fake) call(ctx context.Context, format string, args ...any) ([]api.CallResult, error) {
	call := fmt.Sprintf(format, args...)
	f.calls = append(f.calls, call)
	if f.called != nil {
		f.called(ctx, call)
	}
	return nil, f.fails[call]
}

func (f *fake) Mood() states.Daemon { return f.mood }

func (f *fake) Identifier() string { return "the <daemon>" }

func (f *fake) Infos() []api.ProcessInfo { return f.processes }

func (f *fake) Info(name string) (api.ProcessInfo, error) {
	spec := namespec.Parse(name)
	i := slices.IndexFunc(f.processes, func(p api.ProcessInfo) bool { return p.Group == spec.Group && p.Name == spec.Process })
	if i < 0 {
		return api.ProcessInfo{}, faults.New(faults.BadName, name)
	}
	return f.processes[i], nil
}

func (f *fake) StartProcess(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	return f.call(ctx, "start %s %t", name, c.Wait)
}

func (f *fake) StopProcess(ctx context.Context, name string, c supervisor.Call) ([]api.CallResult, error) {
	return f.call(ctx, "stop %s %t", name, c.Wait)
}

func (f *fake) StartAll(ctx context.Context, c supervisor.Call) ([]api.CallResult, error) {
	return f.call(ctx, "start all %t", c.Wait)
}

func (f *fake) StopAll(ctx context.Context, c supervisor.Call) ([]api.CallResult, error) {
	return f.call(ctx, "stop all %t", c.Wait)
}

func (f *fake) ClearLogs(ctx context.Context, name string) error {
	_, err := f.call(ctx, "clear %s", name)
	return err
}

func (f *fake) ReadLog(name, channel string, offset, length int64) (logs.Excerpt, error) {
	f.calls = append(f.calls, fmt.Sprintf("read %s %s %d %d", name, channel, offset, length))
	if _, err := f.Info(name); err != nil {
		return logs.Excerpt{}, err
	}
	log, ok := f.logs[name]
	switch {
	case !ok:
		return logs.Excerpt{}, faults.New(faults.NoFile, "/log")
	case name == "file":
		return logs.ReadExcerpt(log, offset, length)
	}
	return logs.Literal(log), nil
}

var (
	unixServer = config.Server{Family: "unix"}
	tcpServer  = config.Server{Family: "tcp"}
	openServer = config.Server{Family: "tcp", GetActions: true}
)

// client requests the pages of a fake.
type client struct {
	t       testing.TB
	handler http.Handler
	log     *strings.Builder
}

func newClient(t testing.TB, f *fake, c config.Server) client {
	var log strings.Builder
	p := New(Options{Supervisor: f, Logs: f, Version: "1.2.3", Log: slog.New(slog.NewTextHandler(&log, nil))})
	return client{t, p.Handler(c), &log}
}

// request sends a request. headers are names, each followed by its value.
func (c client) request(method, url, body string, headers ...string) (*http.Response, string) {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, "http://localhost:9001/", strings.NewReader(body))
	path, query, _ := strings.Cut(url, "?")
	r.URL.Path, r.URL.RawQuery = path, query
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	resp := w.Result()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(data)
}

// page requests a page and fails unless its status is 200.
func (c client) page(url string) string {
	c.t.Helper()
	resp, body := c.request("GET", url, "")
	if resp.StatusCode != 200 {
		c.t.Fatalf("%s: %d, log %s", url, resp.StatusCode, c.log)
	}
	return body
}

// golden compares a page with a golden file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-file +got):\n%s", path, diff)
	}
}
