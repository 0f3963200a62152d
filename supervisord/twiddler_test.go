package supervisord_test

import (
	"strings"
	"testing"

	"supervisor/supervisord"
)

// TestTwiddler changes a group by the methods of supervisor_twiddler.
func TestTwiddler(t *testing.T) {
	s := newTestDaemon(t)
	s.configure(`[program:keeper]
command=/bin/sleep 600
[rpcinterface:twiddler]
supervisor.rpcinterface_factory=supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface
`)
	s.start()
	s.await("the daemon", func() bool { return s.ctl("version") == supervisord.Version+"\n" })
	client := s.client()
	call := func(method string, params ...any) {
		t.Helper()
		var ok bool
		if err := client.Call(t.Context(), "twiddler."+method, &ok, params...); err != nil || !ok {
			t.Fatalf("%s: %v, %v", method, ok, err)
		}
	}
	s.awaitRunning("keeper")
	journalWriter := s.pid("keeper")
	call("addProgramToGroup", "keeper", "extra", map[string]any{
		"command":        "/bin/sh -c 'echo %(group_name)s; exec sleep 600'",
		"numprocs":       2,
		"process_name":   "%(program_name)s_%(process_num)d",
		"environment":    `MARK="` + s.dir + `"`,
		"startsecs":      "0",
		"stdout_logfile": s.path("extra.log"),
	})
	s.awaitRunning("keeper:extra_0", "keeper:extra_1")
	if got := s.read("extra.log"); got != "keeper\nkeeper\n" {
		t.Errorf("they said %q", got)
	}
	if got := s.ctl("remove", "keeper"); !strings.Contains(got, "process/group still running") {
		t.Errorf("remove: %s", got)
	}
	s.ctl("stop", "keeper:extra_0")
	call("removeProcessFromGroup", "keeper", "extra_0")
	if got := s.ctl("status", "keeper:*"); strings.Contains(got, "extra_0") || !strings.Contains(got, "extra_1") {
		t.Errorf("status: %s", got)
	}
	call("log", "all done", "warn")
	s.await("a line in the log", func() bool { return strings.Contains(s.read("supervisord.log"), "WARN all done") })

	// The files know nothing of it: the next update brings the group back.
	if got, want := s.ctl("update"), "keeper: stopped\nkeeper: updated process group\n"; got != want {
		t.Errorf("update: %q, want %q", got, want)
	}
	s.awaitRunning("keeper")
	if pid := s.pid("keeper"); pid == journalWriter {
		t.Error("the group has not been replaced")
	}
	if got := s.ctl("status"); strings.Count(got, "\n") != 1 {
		t.Errorf("status: %s", got)
	}
}
