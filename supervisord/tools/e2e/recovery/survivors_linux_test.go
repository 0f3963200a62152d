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

// removeServers removes the servers, by which daemons can be told apart.
func removeServers(d *e2e.Daemon) {
	d.T.Helper()
	text := d.Read("supervisord.conf")
	begin, end := strings.Index(text, "[unix_http_server]"), strings.Index(text, "[program:")
	d.Write("supervisord.conf", text[:begin]+text[end:])
}

// TestNoDoubleStartWithoutJournal checks that a new daemon adopts processes that no
// journal names, for whatever reason.
func TestNoDoubleStartWithoutJournal(t *testing.T) {
	t.Parallel()
	removeState := func(d *e2e.Daemon) { d.Remove("supervisord.pid.state") }
	removeAll := func(d *e2e.Daemon) { d.Remove("supervisord.pid.state", "supervisord.pid") }
	option := func(line string) func(*e2e.Daemon) { return func(d *e2e.Daemon) { d.AddOptions(line) } }
	nothing := func(*e2e.Daemon) {}
	for name, tt := range map[string]struct{ before, running, between func(d *e2e.Daemon) }{
		"removed while it runs":  {nothing, removeState, nothing},
		"removed":                {nothing, nothing, removeState},
		"removed with pidfile":   {nothing, nothing, removeAll},
		"never written":          {option("state_file=/sys/x.state"), nothing, nothing},
		"switched off":           {option("state_file=NONE"), nothing, nothing},
		"switched off later":     {nothing, nothing, option("state_file=NONE")},
		"elsewhere":              {nothing, nothing, option("state_file=%(here)s/other.state")},
		"no servers":             {removeServers, nothing, removeState},
		"no servers, no pidfile": {removeServers, nothing, removeAll},
		"output redirected": {func(d *e2e.Daemon) {
			d.EditConfig("command=sleep 1000", `command=sh -c "exec sleep 1000 >/dev/null 2>&1"`)
		}, nothing, nothing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			// The names are unique: without servers, nothing else distinguishes these
			// programs from those of the daemons that run at the same time.
			unique := filepath.Base(d.Dir)
			quiet, many := "quiet-"+unique, "many-"+unique
			d.Configure(fmt.Sprintf("[program:%s]\ncommand=sleep 1000\n[program:%s]\ncommand=sleep 1001\nprocess_name=%[2]s_%%(process_num)d\nnumprocs=3\n", quiet, many))
			tt.before(d)
			d.Start()
			d.AwaitLog("success: " + many + "_2 entered RUNNING")
			d.AwaitLog("success: " + quiet + " entered RUNNING")
			pids := d.Processes()
			tt.running(d)
			d.Crash()
			tt.between(d)
			d.Start()
			d.Await("the second daemon", func() bool { return d.CountLogged("supervisord started with pid") == 2 })
			awaitRunningByLog(d, quiet, many+"_0", many+"_1", many+"_2")
			slices.Sort(pids)
			if got := d.Processes(); !slices.Equal(slices.Sorted(slices.Values(got)), pids) || len(pids) != 4 {
				t.Errorf("the processes were %[2]v and are %[1]v", got, pids)
			}
		})
	}
}

// awaitRunningByLog waits until the log shows that a second daemon has adopted or
// started these processes.
func awaitRunningByLog(d *e2e.Daemon, names ...string) {
	d.T.Helper()
	for _, name := range names {
		d.Await(name+" runs again", func() bool {
			log := d.Log()
			return strings.Contains(log, "adopted: '"+name+"'") || strings.Count(log, "spawned: '"+name+"'") == 2
		})
	}
}

// TestStoppedAfterJournalRewrite removes the journal of a running daemon, which writes a
// new one with the next change.
func TestStoppedAfterJournalRewrite(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:quiet]\ncommand=sleep 1000\n[program:stopped]\ncommand=sleep 1000\n", "quiet", "stopped")
	d.Remove("supervisord.pid.state")
	d.Ctl("stop", "stopped")
	d.AwaitText("supervisord.pid.state", `"Name":"stopped","State":0`)
	pid := d.ProgramPID("quiet")
	d.Crash()
	d.Start()
	d.AwaitRunning("quiet")
	if got := d.ProgramPID("quiet"); got != pid || !strings.Contains(d.Ctl("status", "stopped"), "STOPPED") {
		t.Errorf("pid %d, had %d; %s", got, pid, d.Ctl("status"))
	}
}

// TestReadOnlyJournal checks that a journal is used that can't be written.
func TestReadOnlyJournal(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n[program:stopped]\ncommand=sleep 1000\n")
	d.Mkdir("state")
	d.AddOptions("state_file=" + d.Path("state/x"))
	script := "mount --bind '" + d.Path("state") + "' '" + d.Path("state") + "' && mount -o remount,ro,bind '" + d.Path("state") + "'"
	if out, err := exec.Command("unshare", "-m", "sh", "-c", script).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: mount fails: %s", out)
	}
	d.Start()
	d.AwaitRunning("quiet", "stopped")
	d.Ctl("stop", "stopped")
	pid := d.ProgramPID("quiet")
	d.AwaitText("state/x", `"Name":"stopped","State":0`)
	d.Crash()
	d.StartUnder("unshare", "-m", "sh", "-c", script+` && exec "$@"`, "sh")
	d.AwaitRunning("quiet")
	if got := d.ProgramPID("quiet"); got != pid || !strings.Contains(d.Ctl("status", "stopped"), "STOPPED") {
		t.Errorf("pid %d, had %d; %s", got, pid, d.Ctl("status"))
	}
	if log := d.Log(); !strings.Contains(log, "state can't be written to") {
		t.Errorf("the log has no warning:\n%s", log)
	}
}

// TestUnclearOwnerBlocksStart runs two daemons without servers, with a program of the same
// name. After a crash of the other daemon its process may belong to either, so it is
// neither adopted nor doubled.
func TestUnclearOwnerBlocksStart(t *testing.T) {
	t.Parallel()
	// The names are unique: daemons without servers would not start a program either
	// whose name an orphan of another test has.
	unique := strconv.Itoa(os.Getpid())
	name, quiet := "unclear"+unique, "quiet"+unique
	other := e2e.NewDaemon(t)
	other.Configure("[program:" + name + "]\ncommand=sleep 1000\n")
	removeServers(other)
	other.Start()
	other.AwaitLog("success: " + name + " entered RUNNING")
	pid := other.Processes()[0]

	d := e2e.NewDaemon(t)
	d.Configure("[program:" + name + "]\ncommand=sleep 1001\n[program:" + quiet + "]\ncommand=sleep 1000\n")
	removeServers(d)
	d.Start()
	d.AwaitLog("success: " + name + " entered RUNNING") // the other process has a daemon, so it is no orphan
	if err := d.Cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = d.Cmd.Wait()

	other.Crash()
	d.Start()
	d.AwaitLog(fmt.Sprintf("not started: '%s': pid %d may be", name, pid))
	d.Await("the other program runs", func() bool { return d.CountLogged("success: "+quiet+" entered RUNNING") == 2 })
	if strings.Contains(d.Log(), "adopted") || d.CountLogged("spawned: '"+name+"'") != 1 {
		t.Errorf("the log is\n%s", d.Log())
	}

	// Once a daemon has adopted it, the owner is clear.
	other.Start()
	other.AwaitLog("adopted: '" + name + "' with pid " + strconv.Itoa(pid))
	third := e2e.NewDaemon(t)
	third.Configure("[program:" + name + "]\ncommand=sleep 1000\n")
	removeServers(third)
	third.Start()
	third.AwaitLog("success: " + name + " entered RUNNING")
}

// TestStartedFromAHook starts the daemon from a hook. The variables that mark a hook
// don't reach the programs, and a program that sets one is not taken for a hook.
func TestStartedFromAHook(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n[program:so]\ncommand=sleep 1000\nenvironment=SUPERVISOR_HOOK=\"post_start\"\n")
	start := func() {
		d.StartUnder("env", "SUPERVISOR_HOOK=post_start", "SUPERVISOR_PID=1")
		d.AwaitRunning("quiet", "so")
	}
	for _, journal := range []bool{true, false} {
		start()
		pids := d.ProgramPIDs("quiet", "so")
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pids[0]), "environ"))
		if err != nil || bytes.Contains(env, []byte("SUPERVISOR_HOOK")) || bytes.Contains(env, []byte("SUPERVISOR_PID")) {
			t.Errorf("the environment is %q, %v", env, err)
		}
		d.Crash()
		if !journal {
			d.Remove("supervisord.pid.state")
		}
		start()
		if got := d.ProgramPIDs("quiet", "so"); !slices.Equal(got, pids) {
			t.Errorf("with a journal %v: pids %v, had %v", journal, got, pids)
		}
		d.Crash()
	}
}
