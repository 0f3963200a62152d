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

// workersConf are so many processes, w_0 and so on, that do what the text says.
func workersConf(n int, options string) string {
	return fmt.Sprintf("[program:w]\ncommand=sleep 1000\nprocess_name=%%(program_name)s_%%(process_num)d\nnumprocs=%d\n%s\n", n, options)
}

// workerNames are those of the first processes of workers.
func workerNames(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("w:w_%d", i))
	}
	return list
}

func samePids(d *e2e.Daemon, what string, before []int, names []string) {
	d.T.Helper()
	if after := d.ProgramPIDs(names...); !slices.Equal(before, after) {
		d.T.Errorf("%s: the pids were %v and are %v", what, before, after)
	}
}

func countRunning(d *e2e.Daemon) int { return strings.Count(d.Ctl("status", "w:*"), "RUNNING") }

func TestScaleSurvives(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(workersConf(2, ""))
	d.Start()
	d.AwaitRunning(workerNames(2)...)
	d.ExpectCtl("scale w +2", "w:w_2: started\nw:w_3: started\n")
	pids := d.ProgramPIDs(workerNames(4)...)
	again := func(what string, n int) {
		t.Helper()
		d.Await("all", func() bool { return countRunning(d) == n })
		samePids(d, what, pids[:n], workerNames(n))
	}
	crash := func() { d.Crash(); d.Start() }
	upgrade := func() {
		t.Helper()
		d.Upgrade()
	}
	crash()
	again("a crash", 4)
	crash()
	again("another crash", 4)
	upgrade()
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
	// Who changes the file means it.
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
	d.Await("all", func() bool { return countRunning(d) == 3 })
	samePids(d, "another numprocs", pids[:2], workerNames(2))
}

// TestRollingRestartInterrupted by a crash of the daemon, and by an upgrade: all
// that runs goes on, who was being restarted is, and the surplus goes.
func TestRollingRestartInterrupted(t *testing.T) {
	t.Parallel()
	for what, interrupt := range map[string]func(d *e2e.Daemon){
		"crash": func(d *e2e.Daemon) { d.Crash(); d.Start() },
		"upgrade": func(d *e2e.Daemon) {
			d.Upgrade()
		},
	} {
		t.Run(what, func(t *testing.T) {
			d := e2e.NewDaemon(t)
			// They stop when they may, so that one is just stopping.
			d.Configure(strings.ReplaceAll(workersConf(3, "stopwaitsecs=10000\n"), "sleep 1000",
				fmt.Sprintf(`sh -c "trap 'while ! test -e %s/may; do sleep 0.1; done; exit' TERM; touch %[1]s/$SUPERVISOR_PROCESS_NAME.trapped; while :; do sleep 0.1; done"`, d.Dir)))
			d.Start()
			d.AwaitRunning(workerNames(3)...)
			d.AwaitIgnoresTERM("w_0", "w_1", "w_2")
			pids := d.ProgramPIDs(workerNames(3)...)
			_, ended := d.StartCtl("rolling-restart", "w:*", "--surge", "1")
			d.AwaitStatus("w:w_0", "STOPPING")
			if d.ProgramPID("w:w_3") == 0 {
				t.Error("there is no surplus")
			}
			began := time.Now()
			interrupt(d)
			if took := time.Since(began); took > e2e.Timeout {
				t.Errorf("it took %s: somebody was waited for", took)
			}
			d.Write("may", "")
			d.Await("the end of the surplus", func() bool { return !strings.Contains(d.Ctl("status"), "w_3") })
			d.AwaitOtherPID("w:w_0", pids[0])
			d.Await("all", func() bool { return countRunning(d) == 3 })
			samePids(d, "the others", pids[1:], workerNames(3)[1:])
			out := <-ended
			if what == "upgrade" && !strings.Contains(out, "rolling-restart: ERROR (supervisord was replaced meanwhile") {
				t.Errorf("supervisorctl says %s", out)
			}
			d.ExpectCtl("rolling-restart w:w_2", "w:w_2: restarted\n")
			d.Upgrade()
		})
	}
}

// TestRollingRestartNeedsNoClient: it goes on when supervisorctl is killed.
func TestRollingRestartNeedsNoClient(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(workersConf(3, "rolling_pause=1s\n"))
	d.Start()
	d.AwaitRunning(workerNames(3)...)
	pids := d.ProgramPIDs(workerNames(3)...)
	client, ended := d.StartCtl("rolling-restart", "w:*")
	d.Await("the first", func() bool { return d.ProgramPID("w:w_0") != pids[0] })
	e2e.Kill(t, client.Process.Pid)
	<-ended
	d.AwaitOtherPID("w:w_2", pids[2])
	d.Await("all", func() bool { return countRunning(d) == 3 })
}

func TestUpdateByProcess(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	configure := func(granularity, programs string) {
		d.Configure(programs)
		d.EditConfig("nodaemon=true", "nodaemon=true\nupdate_granularity="+granularity)
	}
	configure("process", workersConf(3, ""))
	d.Start()
	d.AwaitRunning(workerNames(3)...)
	pids := d.ProgramPIDs(workerNames(3)...)
	configure("process", workersConf(4, "stopwaitsecs=20\n")+"[program:new]\ncommand=sleep 1000\n")
	const plan = `w: changed
  w:w_0  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_1  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_2  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_3  added                   (starts)
new: added (1 process starts)
`
	d.ExpectCtl("update --plan", plan)
	if out := d.Ctl("avail"); strings.Contains(out, "new") {
		t.Errorf("a plan has read the configuration:\n%s", out)
	}
	if out, want := d.Ctl("update"), "w:w_3: added\nw:w_0: updated\nw:w_1: updated\nw:w_2: updated\nw: updated process group\nnew: added process group\n"; out != want {
		t.Errorf("update:\n%s", out)
	}
	d.ExpectCtl("update --plan", "No config updates to processes\n")
	d.AwaitRunning(append(workerNames(4), "new")...)
	samePids(d, "an update", pids, workerNames(3))
	// The AUTO logs are still theirs.
	if out := d.Ctl("tail", "w:w_0"); strings.Contains(out, "ERROR") {
		t.Error(out)
	}
	d.Crash()
	d.Start()
	d.AwaitRunning(workerNames(4)...)
	samePids(d, "a crash", pids, workerNames(3))

	// To Supervisor's own client it is a group like any other.
	const real = "/usr/bin/supervisorctl"
	if head, err := os.ReadFile(real); err != nil || !bytes.HasPrefix(head, []byte("#!/usr/bin/python3")) {
		t.Log("there is no real supervisorctl here")
		return
	}
	configure("process", workersConf(2, ""))
	out, err := exec.Command(real, "-c", d.Path("supervisord.conf"), "update").CombinedOutput()
	if want := "new: stopped\nnew: removed process group\nw: stopped\nw: updated process group\n"; string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
	d.Await("all", func() bool { return countRunning(d) == 2 })
}

// TestRollingUpdateRollsBack when the new configuration does not work.
func TestRollingUpdateRollsBack(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure(workersConf(2, ""))
	d.Start()
	d.AwaitRunning(workerNames(2)...)
	pids := d.ProgramPIDs(workerNames(2)...)
	d.Configure(strings.ReplaceAll(workersConf(2, "startretries=0\n"), "sleep 1000", "false"))
	const want = "w:w_0: ERROR (Exited too quickly)\nw:w_0: returned to the old configuration\nw: ERROR (given up, w:w_1 is as it was)\n"
	d.ExpectCtl("update --rolling", want)
	d.AwaitRunning(workerNames(2)...)
	samePids(d, "the other", pids[1:], workerNames(2)[1:])
	d.Configure(strings.ReplaceAll(workersConf(2, ""), "sleep 1000", "sleep 2000"))
	if out, want := d.Ctl("update", "--rolling", "--surge", "1"), "w:w_2: started\nw:w_0: restarted\nw:w_1: restarted\nw:w_2: stopped\nw: updated process group\n"; out != want {
		t.Error(out)
	}
}
