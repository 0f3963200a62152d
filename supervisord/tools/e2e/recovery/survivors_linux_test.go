package recovery

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

	"supervisor/supervisord/tools/testkit/e2e"
)

// addSupervisordOption adds a line to [supervisord].
func addSupervisordOption(s *e2e.Daemon, line string) {
	s.T.Helper()
	s.EditConfig("nodaemon=true\n", "nodaemon=true\n"+line+"\n")
}

// removeServers takes away all by which daemons can be told apart.
func removeServers(s *e2e.Daemon) {
	s.T.Helper()
	text := s.Read("supervisord.conf")
	begin, end := strings.Index(text, "[unix_http_server]"), strings.Index(text, "[program:")
	s.Write("supervisord.conf", text[:begin]+text[end:])
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
func awaitLog(s *e2e.Daemon, message string) string {
	s.T.Helper()
	s.Await(message, func() bool { return strings.Contains(s.Log(), message) })
	return s.Log()
}

// TestNoDoubleStartWithoutJournal: whatever has become of the record, what runs
// goes on.
func TestNoDoubleStartWithoutJournal(t *testing.T) {
	t.Parallel()
	removeState := func(s *e2e.Daemon) { removeFiles(s.T, s.Path("supervisord.pid.state")) }
	nothing := func(*e2e.Daemon) {}
	for name, tt := range map[string]struct{ before, running, between func(s *e2e.Daemon) }{
		"removed while it runs": {nothing, removeState, nothing},
		"removed":               {nothing, nothing, removeState},
		"removed with all beside it": {nothing, nothing, func(s *e2e.Daemon) {
			removeFiles(s.T, s.Path("supervisord.pid.state"), s.Path("supervisord.pid"))
		}},
		"never written":       {func(s *e2e.Daemon) { addSupervisordOption(s, "state_file=/sys/x.state") }, nothing, nothing},
		"not wanted":          {func(s *e2e.Daemon) { addSupervisordOption(s, "state_file=NONE") }, nothing, nothing},
		"not wanted any more": {nothing, nothing, func(s *e2e.Daemon) { addSupervisordOption(s, "state_file=NONE") }},
		"elsewhere":           {nothing, nothing, func(s *e2e.Daemon) { addSupervisordOption(s, "state_file="+s.Path("other.state")) }},
		"no servers":          {func(s *e2e.Daemon) { removeServers(s) }, nothing, removeState},
		"no servers, all removed": {func(s *e2e.Daemon) { removeServers(s) }, nothing, func(s *e2e.Daemon) {
			removeFiles(s.T, s.Path("supervisord.pid.state"), s.Path("supervisord.pid"))
		}},
		"with output of its own": {func(s *e2e.Daemon) {
			s.EditConfig("command=sleep 1000", `command=sh -c "exec sleep 1000 >/dev/null 2>&1"`)
		}, nothing, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := e2e.NewDaemon(t)
			// Names of its own: without servers nothing else tells the programs of one
			// site from those of another whose daemon is killed at the same time.
			own := filepath.Base(s.Dir)
			quiet, many := "quiet-"+own, "many-"+own
			s.Configure(fmt.Sprintf("[program:%s]\ncommand=sleep 1000\n[program:%s]\ncommand=sleep 1001\nprocess_name=%[2]s_%%(process_num)d\nnumprocs=3\n", quiet, many))
			tt.before(s)
			s.Start()
			awaitLog(s, "success: "+many+"_2 entered RUNNING")
			awaitLog(s, "success: "+quiet+" entered RUNNING")
			pids := s.Processes()
			tt.running(s)
			s.Crash()
			tt.between(s)
			s.Start()
			s.Await("the second start", func() bool { return s.CountLogged("supervisord started with pid") == 2 })
			awaitRunningByLog(s, quiet, many+"_0", many+"_1", many+"_2")
			slices.Sort(pids)
			if got := s.Processes(); !slices.Equal(slices.Sorted(slices.Values(got)), pids) || len(pids) != 4 {
				t.Errorf("there are %v, were %v", got, pids)
			}
		})
	}
}

// awaitRunningByLog waits until a second daemon has adopted or started these.
func awaitRunningByLog(s *e2e.Daemon, names ...string) {
	s.T.Helper()
	for _, name := range names {
		s.Await(name+" again", func() bool {
			log := s.Log()
			return strings.Contains(log, "adopted: '"+name+"'") || strings.Count(log, "spawned: '"+name+"'") == 2
		})
	}
}

// TestStoppedAfterJournalRewrite: a record that was removed is there
// again with the next change.
func TestStoppedAfterJournalRewrite(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure("[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n")
	s.Start()
	s.AwaitRunning("quiet", "resting")
	removeFiles(t, s.Path("supervisord.pid.state"))
	s.Ctl("stop", "resting")
	s.AwaitText("supervisord.pid.state", `"Name":"resting","State":0`)
	pid := s.ProgramPID("quiet")
	s.Crash()
	s.Start()
	s.AwaitRunning("quiet")
	if got := s.ProgramPID("quiet"); got != pid || !strings.Contains(s.Ctl("status", "resting"), "STOPPED") {
		t.Errorf("pid %d, had %d; %s", got, pid, s.Ctl("status"))
	}
}

// TestReadOnlyJournal: it is used all the same.
func TestReadOnlyJournal(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure("[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n")
	s.Mkdir("state")
	addSupervisordOption(s, "state_file="+s.Path("state/x"))
	script := "mount --bind '" + s.Path("state") + "' '" + s.Path("state") + "' && mount -o remount,ro,bind '" + s.Path("state") + "'"
	if out, err := exec.Command("unshare", "-m", "sh", "-c", script).CombinedOutput(); err != nil {
		t.Skipf("no mounts here: %s", out)
	}
	s.Start()
	s.AwaitRunning("quiet", "resting")
	s.Ctl("stop", "resting")
	pid := s.ProgramPID("quiet")
	s.AwaitText("state/x", `"Name":"resting","State":0`)
	s.Crash()
	s.StartUnder("unshare", "-m", "sh", "-c", script+` && exec "$@"`, "sh")
	s.AwaitRunning("quiet")
	if got := s.ProgramPID("quiet"); got != pid || !strings.Contains(s.Ctl("status", "resting"), "STOPPED") {
		t.Errorf("pid %d, had %d; %s", got, pid, s.Ctl("status"))
	}
	if log := s.Log(); !strings.Contains(log, "state can't be written to") {
		t.Errorf("nothing is said of it:\n%s", log)
	}
}

// TestUnclearOwnerBlocksStart: two daemons without servers have programs of one name.
// What the other one has left is neither taken over nor doubled.
func TestUnclearOwnerBlocksStart(t *testing.T) {
	t.Parallel()
	name := "unclear" + strconv.Itoa(os.Getpid())
	other := e2e.NewDaemon(t)
	other.Configure("[program:" + name + "]\ncommand=sleep 1000\n")
	removeServers(other)
	other.Start()
	awaitLog(other, "success: "+name+" entered RUNNING")
	pid := other.Processes()[0]

	s := e2e.NewDaemon(t)
	s.Configure("[program:" + name + "]\ncommand=sleep 1001\n[program:quiet]\ncommand=sleep 1000\n")
	removeServers(s)
	s.Start()
	awaitLog(s, "success: "+name+" entered RUNNING") // the other daemon lives: the child is its own
	if err := s.Cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = s.Cmd.Wait()

	other.Crash()
	s.Start()
	log := awaitLog(s, fmt.Sprintf("not started: '%s': pid %d may be", name, pid))
	s.Await("the other program", func() bool { return s.CountLogged("success: quiet entered RUNNING") == 2 })
	if strings.Contains(log, "adopted") || s.CountLogged("spawned: '"+name+"'") != 1 {
		t.Errorf("the log is\n%s", s.Log())
	}

	// A daemon that has adopted it has it.
	other.Start()
	awaitLog(other, "adopted: '"+name+"' with pid "+strconv.Itoa(pid))
	third := e2e.NewDaemon(t)
	third.Configure("[program:" + name + "]\ncommand=sleep 1000\n")
	removeServers(third)
	third.Start()
	awaitLog(third, "success: "+name+" entered RUNNING")
}

// TestStartedFromAHook: the variable by which hooks are known does not reach the
// programs of a daemon that was started by one, nor is it believed.
func TestStartedFromAHook(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure("[program:quiet]\ncommand=sleep 1000\n[program:so]\ncommand=sleep 1000\nenvironment=SUPERVISOR_HOOK=\"post_start\"\n")
	start := func() {
		s.StartUnder("env", "SUPERVISOR_HOOK=post_start", "SUPERVISOR_PID=1")
		s.AwaitRunning("quiet", "so")
	}
	for _, record := range []bool{true, false} {
		start()
		pids := s.ProgramPIDs("quiet", "so")
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pids[0]), "environ"))
		if err != nil || bytes.Contains(env, []byte("SUPERVISOR_HOOK")) || bytes.Contains(env, []byte("SUPERVISOR_PID")) {
			t.Errorf("the program has %q, %v", env, err)
		}
		s.Crash()
		if !record {
			removeFiles(t, s.Path("supervisord.pid.state"))
		}
		start()
		if got := s.ProgramPIDs("quiet", "so"); !slices.Equal(got, pids) {
			t.Errorf("with a record %v: pids %v, had %v", record, got, pids)
		}
		s.Crash()
	}
}
