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
func addSupervisordOption(d *e2e.Daemon, line string) {
	d.T.Helper()
	d.EditConfig("nodaemon=true\n", "nodaemon=true\n"+line+"\n")
}

// removeServers takes away all by which daemons can be told apart.
func removeServers(d *e2e.Daemon) {
	d.T.Helper()
	text := d.Read("supervisord.conf")
	begin, end := strings.Index(text, "[unix_http_server]"), strings.Index(text, "[program:")
	d.Write("supervisord.conf", text[:begin]+text[end:])
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
func awaitLog(d *e2e.Daemon, message string) string {
	d.T.Helper()
	d.Await(message, func() bool { return strings.Contains(d.Log(), message) })
	return d.Log()
}

// TestNoDoubleStartWithoutJournal: whatever has become of the record, what runs
// goes on.
func TestNoDoubleStartWithoutJournal(t *testing.T) {
	t.Parallel()
	removeState := func(d *e2e.Daemon) { removeFiles(d.T, d.Path("supervisord.pid.state")) }
	nothing := func(*e2e.Daemon) {}
	for name, tt := range map[string]struct{ before, running, between func(d *e2e.Daemon) }{
		"removed while it runs": {nothing, removeState, nothing},
		"removed":               {nothing, nothing, removeState},
		"removed with all beside it": {nothing, nothing, func(d *e2e.Daemon) {
			removeFiles(d.T, d.Path("supervisord.pid.state"), d.Path("supervisord.pid"))
		}},
		"never written":       {func(d *e2e.Daemon) { addSupervisordOption(d, "state_file=/sys/x.state") }, nothing, nothing},
		"not wanted":          {func(d *e2e.Daemon) { addSupervisordOption(d, "state_file=NONE") }, nothing, nothing},
		"not wanted any more": {nothing, nothing, func(d *e2e.Daemon) { addSupervisordOption(d, "state_file=NONE") }},
		"elsewhere":           {nothing, nothing, func(d *e2e.Daemon) { addSupervisordOption(d, "state_file="+d.Path("other.state")) }},
		"no servers":          {func(d *e2e.Daemon) { removeServers(d) }, nothing, removeState},
		"no servers, all removed": {func(d *e2e.Daemon) { removeServers(d) }, nothing, func(d *e2e.Daemon) {
			removeFiles(d.T, d.Path("supervisord.pid.state"), d.Path("supervisord.pid"))
		}},
		"with output of its own": {func(d *e2e.Daemon) {
			d.EditConfig("command=sleep 1000", `command=sh -c "exec sleep 1000 >/dev/null 2>&1"`)
		}, nothing, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			// Names of its own: without servers nothing else tells the programs of one
			// site from those of another whose daemon is killed at the same time.
			own := filepath.Base(d.Dir)
			quiet, many := "quiet-"+own, "many-"+own
			d.Configure(fmt.Sprintf("[program:%s]\ncommand=sleep 1000\n[program:%s]\ncommand=sleep 1001\nprocess_name=%[2]s_%%(process_num)d\nnumprocs=3\n", quiet, many))
			tt.before(d)
			d.Start()
			awaitLog(d, "success: "+many+"_2 entered RUNNING")
			awaitLog(d, "success: "+quiet+" entered RUNNING")
			pids := d.Processes()
			tt.running(d)
			d.Crash()
			tt.between(d)
			d.Start()
			d.Await("the second start", func() bool { return d.CountLogged("supervisord started with pid") == 2 })
			awaitRunningByLog(d, quiet, many+"_0", many+"_1", many+"_2")
			slices.Sort(pids)
			if got := d.Processes(); !slices.Equal(slices.Sorted(slices.Values(got)), pids) || len(pids) != 4 {
				t.Errorf("there are %v, were %v", got, pids)
			}
		})
	}
}

// awaitRunningByLog waits until a second daemon has adopted or started these.
func awaitRunningByLog(d *e2e.Daemon, names ...string) {
	d.T.Helper()
	for _, name := range names {
		d.Await(name+" again", func() bool {
			log := d.Log()
			return strings.Contains(log, "adopted: '"+name+"'") || strings.Count(log, "spawned: '"+name+"'") == 2
		})
	}
}

// TestStoppedAfterJournalRewrite: a record that was removed is there
// again with the next change.
func TestStoppedAfterJournalRewrite(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n")
	d.Start()
	d.AwaitRunning("quiet", "resting")
	removeFiles(t, d.Path("supervisord.pid.state"))
	d.Ctl("stop", "resting")
	d.AwaitText("supervisord.pid.state", `"Name":"resting","State":0`)
	pid := d.ProgramPID("quiet")
	d.Crash()
	d.Start()
	d.AwaitRunning("quiet")
	if got := d.ProgramPID("quiet"); got != pid || !strings.Contains(d.Ctl("status", "resting"), "STOPPED") {
		t.Errorf("pid %d, had %d; %s", got, pid, d.Ctl("status"))
	}
}

// TestReadOnlyJournal: it is used all the same.
func TestReadOnlyJournal(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n[program:resting]\ncommand=sleep 1000\n")
	d.Mkdir("state")
	addSupervisordOption(d, "state_file="+d.Path("state/x"))
	script := "mount --bind '" + d.Path("state") + "' '" + d.Path("state") + "' && mount -o remount,ro,bind '" + d.Path("state") + "'"
	if out, err := exec.Command("unshare", "-m", "sh", "-c", script).CombinedOutput(); err != nil {
		t.Skipf("no mounts here: %s", out)
	}
	d.Start()
	d.AwaitRunning("quiet", "resting")
	d.Ctl("stop", "resting")
	pid := d.ProgramPID("quiet")
	d.AwaitText("state/x", `"Name":"resting","State":0`)
	d.Crash()
	d.StartUnder("unshare", "-m", "sh", "-c", script+` && exec "$@"`, "sh")
	d.AwaitRunning("quiet")
	if got := d.ProgramPID("quiet"); got != pid || !strings.Contains(d.Ctl("status", "resting"), "STOPPED") {
		t.Errorf("pid %d, had %d; %s", got, pid, d.Ctl("status"))
	}
	if log := d.Log(); !strings.Contains(log, "state can't be written to") {
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

	d := e2e.NewDaemon(t)
	d.Configure("[program:" + name + "]\ncommand=sleep 1001\n[program:quiet]\ncommand=sleep 1000\n")
	removeServers(d)
	d.Start()
	awaitLog(d, "success: "+name+" entered RUNNING") // the other daemon lives: the child is its own
	if err := d.Cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = d.Cmd.Wait()

	other.Crash()
	d.Start()
	log := awaitLog(d, fmt.Sprintf("not started: '%s': pid %d may be", name, pid))
	d.Await("the other program", func() bool { return d.CountLogged("success: quiet entered RUNNING") == 2 })
	if strings.Contains(log, "adopted") || d.CountLogged("spawned: '"+name+"'") != 1 {
		t.Errorf("the log is\n%s", d.Log())
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
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n[program:so]\ncommand=sleep 1000\nenvironment=SUPERVISOR_HOOK=\"post_start\"\n")
	start := func() {
		d.StartUnder("env", "SUPERVISOR_HOOK=post_start", "SUPERVISOR_PID=1")
		d.AwaitRunning("quiet", "so")
	}
	for _, record := range []bool{true, false} {
		start()
		pids := d.ProgramPIDs("quiet", "so")
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pids[0]), "environ"))
		if err != nil || bytes.Contains(env, []byte("SUPERVISOR_HOOK")) || bytes.Contains(env, []byte("SUPERVISOR_PID")) {
			t.Errorf("the program has %q, %v", env, err)
		}
		d.Crash()
		if !record {
			removeFiles(t, d.Path("supervisord.pid.state"))
		}
		start()
		if got := d.ProgramPIDs("quiet", "so"); !slices.Equal(got, pids) {
			t.Errorf("with a record %v: pids %v, had %v", record, got, pids)
		}
		d.Crash()
	}
}
