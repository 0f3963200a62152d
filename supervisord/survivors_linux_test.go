package supervisord_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// addSupervisordOption adds a line to [supervisord].
func (s *testDaemon) addSupervisordOption(line string) {
	s.t.Helper()
	s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "nodaemon=true\n", "nodaemon=true\n"+line+"\n", 1))
}

// removeServers takes away all by which daemons can be told apart.
func (s *testDaemon) removeServers() {
	s.t.Helper()
	text := s.read("supervisord.conf")
	begin, end := strings.Index(text, "[unix_http_server]"), strings.Index(text, "[program:")
	s.write("supervisord.conf", text[:begin]+text[end:])
}

func removeFiles(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitLog waits for words in the main log, and returns what has been written.
func (s *testDaemon) awaitLog(message string) string {
	s.t.Helper()
	s.await(message, func() bool { return strings.Contains(s.read("supervisord.log"), message) })
	return s.read("supervisord.log")
}

// TestNoDoubleStartWithoutJournal: whatever has become of the record, what runs
// goes on.
func TestNoDoubleStartWithoutJournal(t *testing.T) {
	t.Parallel()
	removeState := func(s *testDaemon) { removeFiles(s.t, s.path("supervisord.pid.state")) }
	nothing := func(*testDaemon) {}
	for name, tt := range map[string]struct{ before, running, between func(s *testDaemon) }{
		"removed while it runs": {nothing, removeState, nothing},
		"removed":               {nothing, nothing, removeState},
		"removed with all beside it": {nothing, nothing, func(s *testDaemon) {
			removeFiles(s.t, s.path("supervisord.pid.state"), s.path("supervisord.pid"))
		}},
		"never written":       {func(s *testDaemon) { s.addSupervisordOption("state_file=/sys/x.state") }, nothing, nothing},
		"not wanted":          {func(s *testDaemon) { s.addSupervisordOption("state_file=NONE") }, nothing, nothing},
		"not wanted any more": {nothing, nothing, func(s *testDaemon) { s.addSupervisordOption("state_file=NONE") }},
		"elsewhere":           {nothing, nothing, func(s *testDaemon) { s.addSupervisordOption("state_file=" + s.path("other.state")) }},
		"no servers":          {func(s *testDaemon) { s.removeServers() }, nothing, removeState},
		"no servers, all removed": {func(s *testDaemon) { s.removeServers() }, nothing, func(s *testDaemon) {
			removeFiles(s.t, s.path("supervisord.pid.state"), s.path("supervisord.pid"))
		}},
		"with output of its own": {func(s *testDaemon) {
			s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "command=sleep 1000", `command=sh -c "exec sleep 1000 >/dev/null 2>&1"`, 1))
		}, nothing, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestDaemon(t)
			// Names of its own: without servers nothing else tells the programs of one
			// site from those of another whose daemon is killed at the same time.
			own := filepath.Base(s.dir)
			quiet, many := "quiet-"+own, "many-"+own
			s.configure(fmt.Sprintf("[program:%s]\ncommand=sleep 1000\n[program:%s]\ncommand=sleep 1001\nprocess_name=%[2]s_%%(process_num)d\nnumprocs=3\n", quiet, many))
			tt.before(s)
			s.start()
			s.awaitLog("success: " + many + "_2 entered RUNNING")
			s.awaitLog("success: " + quiet + " entered RUNNING")
			pids := s.processes()
			tt.running(s)
			s.crash()
			tt.between(s)
			s.start()
			s.await("the second start", func() bool { return strings.Count(s.read("supervisord.log"), "supervisord started with pid") == 2 })
			s.awaitRunningByLog(quiet, many+"_0", many+"_1", many+"_2")
			slices.Sort(pids)
			if got := s.processes(); !slices.Equal(slices.Sorted(slices.Values(got)), pids) || len(pids) != 4 {
				t.Errorf("there are %v, were %v", got, pids)
			}
		})
	}
}

// awaitRunningByLog waits until a second daemon has adopted or started these.
func (s *testDaemon) awaitRunningByLog(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.await(name+" again", func() bool {
			log := s.read("supervisord.log")
			return strings.Contains(log, "adopted: '"+name+"'") || strings.Count(log, "spawned: '"+name+"'") == 2
		})
	}
}

// TestStoppedAfterJournalRewrite: a record that was removed is there
// again with the next change.
func TestStoppedAfterJournalRewrite(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure("[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n")
	s.start()
	s.awaitRunning("quiet", "resting")
	removeFiles(t, s.path("supervisord.pid.state"))
	s.ctl("stop", "resting")
	s.await("a record", func() bool { return strings.Contains(s.read("supervisord.pid.state"), `"Name":"resting","State":0`) })
	pid := s.pid("quiet")
	s.crash()
	s.start()
	s.awaitRunning("quiet")
	if got := s.pid("quiet"); got != pid || !strings.Contains(s.ctl("status", "resting"), "STOPPED") {
		t.Errorf("pid %d, had %d; %s", got, pid, s.ctl("status"))
	}
}

// TestReadOnlyJournal: it is used all the same.
func TestReadOnlyJournal(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure("[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n")
	if err := os.Mkdir(s.path("state"), 0o755); err != nil {
		t.Fatal(err)
	}
	s.addSupervisordOption("state_file=" + s.path("state/x"))
	script := "mount --bind '" + s.path("state") + "' '" + s.path("state") + "' && mount -o remount,ro,bind '" + s.path("state") + "'"
	if out, err := exec.Command("unshare", "-m", "sh", "-c", script).CombinedOutput(); err != nil {
		t.Skipf("no mounts here: %s", out)
	}
	s.start()
	s.awaitRunning("quiet", "resting")
	s.ctl("stop", "resting")
	pid := s.pid("quiet")
	s.await("a record", func() bool { return strings.Contains(s.read("state/x"), `"Name":"resting","State":0`) })
	s.crash()
	s.startUnder("unshare", "-m", "sh", "-c", script+` && exec "$@"`, "sh")
	s.awaitRunning("quiet")
	if got := s.pid("quiet"); got != pid || !strings.Contains(s.ctl("status", "resting"), "STOPPED") {
		t.Errorf("pid %d, had %d; %s", got, pid, s.ctl("status"))
	}
	if log := s.read("supervisord.log"); !strings.Contains(log, "state can't be written to") {
		t.Errorf("nothing is said of it:\n%s", log)
	}
}

// TestUnclearOwnerBlocksStart: two daemons without servers have programs of one name.
// What the other one has left is neither taken over nor doubled.
func TestUnclearOwnerBlocksStart(t *testing.T) {
	t.Parallel()
	name := "unclear" + strconv.Itoa(os.Getpid())
	other := newTestDaemon(t)
	other.configure("[program:" + name + "]\ncommand=sleep 1000\n")
	other.removeServers()
	other.start()
	other.awaitLog("success: " + name + " entered RUNNING")
	pid := other.processes()[0]

	s := newTestDaemon(t)
	s.configure("[program:" + name + "]\ncommand=sleep 1001\n[program:quiet]\ncommand=sleep 1000\n")
	s.removeServers()
	s.start()
	s.awaitLog("success: " + name + " entered RUNNING") // the other daemon lives: the child is its own
	if err := s.daemon.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = s.daemon.Wait()

	other.crash()
	s.start()
	log := s.awaitLog(fmt.Sprintf("not started: '%s': pid %d may be", name, pid))
	s.await("the other program", func() bool { return strings.Count(s.read("supervisord.log"), "success: quiet entered RUNNING") == 2 })
	if strings.Contains(log, "adopted") || strings.Count(s.read("supervisord.log"), "spawned: '"+name+"'") != 1 {
		t.Errorf("the log is\n%s", s.read("supervisord.log"))
	}

	// A daemon that has adopted it has it.
	other.start()
	other.awaitLog("adopted: '" + name + "' with pid " + strconv.Itoa(pid))
	third := newTestDaemon(t)
	third.configure("[program:" + name + "]\ncommand=sleep 1000\n")
	third.removeServers()
	third.start()
	third.awaitLog("success: " + name + " entered RUNNING")
}

// TestStartedFromAHook: the variable by which hooks are known does not reach the
// programs of a daemon that was started by one, nor is it believed.
func TestStartedFromAHook(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure("[program:quiet]\ncommand=sleep 1000\n[program:so]\ncommand=sleep 1000\nenvironment=SUPERVISOR_HOOK=\"post_start\"\n")
	start := func() {
		s.startUnder("env", "SUPERVISOR_HOOK=post_start", "SUPERVISOR_PID=1")
		s.awaitRunning("quiet", "so")
	}
	for _, record := range []bool{true, false} {
		start()
		pids := s.programPids("quiet", "so")
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pids[0]), "environ"))
		if err != nil || bytes.Contains(env, []byte("SUPERVISOR_HOOK")) || bytes.Contains(env, []byte("SUPERVISOR_PID")) {
			t.Errorf("the program has %q, %v", env, err)
		}
		s.crash()
		if !record {
			removeFiles(t, s.path("supervisord.pid.state"))
		}
		start()
		if got := s.programPids("quiet", "so"); !slices.Equal(got, pids) {
			t.Errorf("with a record %v: pids %v, had %v", record, got, pids)
		}
		s.crash()
	}
}
