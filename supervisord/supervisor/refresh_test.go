package supervisor_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
)

func TestRefreshSelectsRunningAndConfigured(t *testing.T) {
	how := config.Refresh{Signal: syscall.SIGHUP}
	a, b, c := proc("g", "a", 1), proc("g", "b", 2), proc("g", "c", 3)
	a.Refresh, c.Refresh = how, how
	c.Autostart = false
	withDaemon(t, configOf(group("g", 1, a, b, c), program("other", 2)), func(t *testing.T, w *testDaemon) {
		w.stopDelay["a"] = time.Second // SIGHUP does not end it
		advance(2 * time.Second)
		done := []api.CallResult{{Name: "a", Group: "g", Status: int(faults.Success), Description: "OK"}}
		for name, call := range map[string]func() ([]api.CallResult, error){
			"all":     func() ([]api.CallResult, error) { return w.RefreshAll(t.Context()) },
			"group":   func() ([]api.CallResult, error) { return w.RefreshGroup(t.Context(), "g") },
			"g:*":     func() ([]api.CallResult, error) { return w.RefreshProcess(t.Context(), "g:*") },
			"nothing": func() ([]api.CallResult, error) { return w.RefreshGroup(t.Context(), "nothing") },
		} {
			got, err := call()
			if name == "nothing" {
				if err == nil || err.Error() != "BAD_NAME: nothing" {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if diff := cmp.Diff(done, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
		for name, want := range map[string]string{
			"g:a": "<nil>", "g:b": "FAILED: neither reload_signal nor reload_command is set", "g:c": "NOT_RUNNING: g:c", "g:x": "BAD_NAME: g:x",
		} {
			if _, err := w.RefreshProcess(t.Context(), name); fmt.Sprint(err) != want {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
		}
	})
}

func TestEnvironmentMasksSecrets(t *testing.T) {
	p := program("a", 1)
	p.Processes[0].Environment = config.Environment{{Name: "API_KEY", Value: "abc"}, {Name: "PLAIN", Value: "x"}}
	missing := program("b", 2)
	missing.Processes[0].EnvFiles = []config.EnvFile{{Path: "/does/not/exist"}}
	withDaemon(t, configOf(p, missing), func(t *testing.T, w *testDaemon) {
		for reveal, want := range map[bool]api.Variable{
			false: {Name: "API_KEY", Value: "********", Source: "configuration", Masked: true},
			true:  {Name: "API_KEY", Value: "abc", Source: "configuration"},
		} {
			list, err := w.Environment("a", reveal)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, v := range list {
				found = found || v == want
			}
			if !found {
				t.Errorf("reveal %v: got %v", reveal, list)
			}
		}
		if _, err := w.Environment("b", false); fmt.Sprint(err) != "FAILED: env_file: /does/not/exist: no such file or directory" {
			t.Errorf("got %v", err)
		}
		if _, err := w.Environment("x", false); fmt.Sprint(err) != "BAD_NAME: x" {
			t.Errorf("got %v", err)
		}
	})
}
