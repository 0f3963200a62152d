package rolling

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/tools/testkit/e2e"
)

// workersConf configures a program of n processes, w:w_0 and so on.
func workersConf(n int, options string) string {
	return fmt.Sprintf("[program:w]\ncommand=sleep 1000\nprocess_name=%%(program_name)s_%%(process_num)d\nnumprocs=%d\n%s\n", n, options)
}

// workerNames are the names of the first n processes.
func workerNames(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("w:w_%d", i))
	}
	return list
}

// expectPIDs fails the test unless processes still have their pids after a change.
func expectPIDs(d *e2e.Daemon, what string, before []int, names []string) {
	d.T.Helper()
	if after := d.ProgramPIDs(names...); !slices.Equal(before, after) {
		d.T.Errorf("after %s: the pids were %v and are %v", what, before, after)
	}
}

func countRunning(d *e2e.Daemon) int { return strings.Count(d.Ctl("status", "w:*"), "RUNNING") }

// TestScaleSurvives checks that a number of processes which scale has set outlives crashes
// and upgrades, until an update or a changed configuration sets another one.
func TestScaleSurvives(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, workersConf(2, ""), workerNames(2)...)
	d.ExpectCtl("scale w +2", "w:w_2: started\nw:w_3: started\n")
	pids := d.ProgramPIDs(workerNames(4)...)
	again := func(what string, n int) {
		t.Helper()
		d.Await("all processes run", func() bool { return countRunning(d) == n })
		expectPIDs(d, what, pids[:n], workerNames(n))
	}
	crash := func() { d.Crash(); d.Start() }
	crash()
	again("a crash", 4)
	crash()
	again("another crash", 4)
	d.Upgrade()
	again("an upgrade", 4)
	crash()
	again("a crash after an upgrade", 4)
	d.ExpectCtl("scale w 3", "w:w_3: removed\n")
	crash()
	again("a crash after another scale", 3)
	d.ExpectCtl("update", "w:w_2: removed\nw: updated process group\n")
	again("an update", 2)
	crash()
	again("a crash after an update", 2)
	// A changed numprocs overrides scale.
	if out := d.Ctl("scale", "w", "4"); !strings.Contains(out, "started") {
		t.Error(out)
	}
	d.Crash()
	for _, pid := range d.Processes() {
		if !slices.Contains(pids[:2], pid) {
			e2e.Kill(t, pid)
		}
	}
	d.Configure(workersConf(3, ""))
	d.Start()
	d.Await("all processes run", func() bool { return countRunning(d) == 3 })
	expectPIDs(d, "another numprocs", pids[:2], workerNames(2))
}

// TestRollingRestartInterrupted by a crash of the daemon, and by an upgrade. The process
// that was being restarted is started, the surge process is removed, and the others
// go on.
func TestRollingRestartInterrupted(t *testing.T) {
	t.Parallel()
	for what, interrupt := range map[string]func(d *e2e.Daemon){
		"crash":   func(d *e2e.Daemon) { d.Crash(); d.Start() },
		"upgrade": (*e2e.Daemon).Upgrade,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			// A process exits when the file may exists, so that one is STOPPING until then.
			d.Configure(strings.ReplaceAll(workersConf(3, "stopwaitsecs=10000\n"), "sleep 1000",
				fmt.Sprintf(`sh -c "trap 'while ! test -e %s/may; do sleep 0.1; done; exit' TERM; touch %[1]s/$SUPERVISOR_PROCESS_NAME.trapped; while :; do sleep 0.1; done"`, d.Dir)))
			d.Start()
			d.AwaitRunning(workerNames(3)...)
			d.AwaitIgnoresTERM("w_0", "w_1", "w_2")
			pids := d.ProgramPIDs(workerNames(3)...)
			_, ended := d.StartCtl("rolling-restart", "w:*", "--surge", "1")
			d.AwaitStatus("w:w_0", "STOPPING")
			if d.ProgramPID("w:w_3") == 0 {
				t.Error("there is no surge process")
			}
			began := time.Now()
			interrupt(d)
			if took := time.Since(began); took > e2e.Timeout {
				t.Errorf("it took %s: it waited for the process that stops", took)
			}
			d.Write("may", "")
			d.Await("the surge process is removed", func() bool { return !strings.Contains(d.Ctl("status"), "w_3") })
			d.AwaitOtherPID("w:w_0", pids[0])
			d.Await("all processes run", func() bool { return countRunning(d) == 3 })
			expectPIDs(d, what, pids[1:], workerNames(3)[1:])
			out := <-ended
			if what == "upgrade" && !strings.Contains(out, "rolling-restart: ERROR (supervisord was replaced meanwhile") {
				t.Errorf("supervisorctl says %s", out)
			}
			d.ExpectCtl("rolling-restart w:w_2", "w:w_2: restarted\n")
			d.Upgrade()
		})
	}
}

// TestRollingRestartNeedsNoClient kills supervisorctl in the middle of a rolling restart,
// which goes on.
func TestRollingRestartNeedsNoClient(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, workersConf(3, "rolling_pause=1s\n"), workerNames(3)...)
	pids := d.ProgramPIDs(workerNames(3)...)
	client, ended := d.StartCtl("rolling-restart", "w:*")
	d.Await("the first process is restarted", func() bool { return d.ProgramPID("w:w_0") != pids[0] })
	e2e.Kill(t, client.Process.Pid)
	<-ended
	d.AwaitOtherPID("w:w_2", pids[2])
	d.Await("all processes run", func() bool { return countRunning(d) == 3 })
}

func configureByProcess(d *e2e.Daemon, programs string) {
	d.T.Helper()
	d.Configure(programs)
	d.AddOptions("update_granularity=process")
}

// TestUpdateByProcess checks that an update restarts no process whose options can change
// while it runs.
func TestUpdateByProcess(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	configureByProcess(d, workersConf(3, ""))
	d.Start()
	d.AwaitRunning(workerNames(3)...)
	pids := d.ProgramPIDs(workerNames(3)...)
	configureByProcess(d, workersConf(4, "stopwaitsecs=20\n")+"[program:new]\ncommand=sleep 1000\n")
	const plan = `w: changed
  w:w_0  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_1  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_2  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_3  added                   (starts)
new: added (1 process starts)
`
	d.ExpectCtl("update --plan", plan)
	if out := d.Ctl("avail"); strings.Contains(out, "new") {
		t.Errorf("--plan has taken over the configuration:\n%s", out)
	}
	if out, want := d.Ctl("update"), "w:w_3: added\nw:w_0: updated\nw:w_1: updated\nw:w_2: updated\nw: updated process group\nnew: added process group\n"; out != want {
		t.Errorf("update:\n%s", out)
	}
	d.ExpectCtl("update --plan", "No config updates to processes\n")
	d.AwaitRunning(append(workerNames(4), "new")...)
	expectPIDs(d, "an update", pids, workerNames(3))
	// They still have their AUTO logs.
	if out := d.Ctl("tail", "w:w_0"); strings.Contains(out, "ERROR") {
		t.Error(out)
	}
	d.Crash()
	d.Start()
	d.AwaitRunning(workerNames(4)...)
	expectPIDs(d, "a crash", pids, workerNames(3))
}

// TestUpdateByProcessWithPythonClient checks that Python Supervisor's client updates such a
// group like any other.
func TestUpdateByProcessWithPythonClient(t *testing.T) {
	t.Parallel()
	const real = "/usr/bin/supervisorctl"
	if head, err := os.ReadFile(real); err != nil || !bytes.HasPrefix(head, []byte("#!/usr/bin/python3")) {
		t.Skip("SKIPPED: Python Supervisor is not installed")
	}
	d := e2e.NewDaemon(t)
	configureByProcess(d, workersConf(4, "")+"[program:new]\ncommand=sleep 1000\n")
	d.Start()
	d.AwaitRunning(append(workerNames(4), "new")...)
	configureByProcess(d, workersConf(2, ""))
	out, err := exec.Command(real, "-c", d.Path("supervisord.conf"), "update").CombinedOutput()
	if want := "new: stopped\nnew: removed process group\nw: stopped\nw: updated process group\n"; string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
	d.Await("all processes run", func() bool { return countRunning(d) == 2 })
}

// TestRollingUpdateRollsBack to the old configuration when the new one does not work.
func TestRollingUpdateRollsBack(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, workersConf(2, ""), workerNames(2)...)
	pids := d.ProgramPIDs(workerNames(2)...)
	d.Configure(strings.ReplaceAll(workersConf(2, "startretries=0\n"), "sleep 1000", "false"))
	const want = "w:w_0: ERROR (Exited too quickly)\nw:w_0: returned to the old configuration\nw: ERROR (given up, w:w_1 is as it was)\n"
	d.ExpectCtl("update --rolling", want)
	d.AwaitRunning(workerNames(2)...)
	expectPIDs(d, "the update", pids[1:], workerNames(2)[1:])
	d.Configure(strings.ReplaceAll(workersConf(2, ""), "sleep 1000", "sleep 2000"))
	if out, want := d.Ctl("update", "--rolling", "--surge", "1"), "w:w_2: started\nw:w_0: restarted\nw:w_1: restarted\nw:w_2: stopped\nw: updated process group\n"; out != want {
		t.Error(out)
	}
}
