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

func samePids(s *e2e.Daemon, what string, before []int, names []string) {
	s.T.Helper()
	if after := s.ProgramPIDs(names...); !slices.Equal(before, after) {
		s.T.Errorf("%s: the pids were %v and are %v", what, before, after)
	}
}

func countRunning(s *e2e.Daemon) int { return strings.Count(s.Ctl("status", "w:*"), "RUNNING") }

func TestScaleSurvives(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure(workersConf(2, ""))
	s.Start()
	s.AwaitRunning(workerNames(2)...)
	s.ExpectCtl("scale w +2", "w:w_2: started\nw:w_3: started\n")
	pids := s.ProgramPIDs(workerNames(4)...)
	again := func(what string, n int) {
		t.Helper()
		s.Await("all", func() bool { return countRunning(s) == n })
		samePids(s, what, pids[:n], workerNames(n))
	}
	crash := func() { s.Crash(); s.Start() }
	upgrade := func() {
		t.Helper()
		s.Upgrade()
	}
	crash()
	again("a crash", 4)
	crash()
	again("another crash", 4)
	upgrade()
	again("an upgrade", 4)
	crash()
	again("a crash after an upgrade", 4)
	s.ExpectCtl("scale w 3", "w:w_3: removed\n")
	crash()
	again("a crash after another scale", 3)
	s.ExpectCtl("update", "w:w_2: removed\nw: updated process group\n")
	again("an update", 2)
	crash()
	again("a crash after an update", 2)
	// Who changes the file means it.
	if out := s.Ctl("scale", "w", "4"); !strings.Contains(out, "started") {
		t.Error(out)
	}
	s.Crash()
	for _, pid := range s.Processes() {
		if !slices.Contains(pids[:2], pid) {
			e2e.Kill(t, pid)
		}
	}
	s.Configure(workersConf(3, ""))
	s.Start()
	s.Await("all", func() bool { return countRunning(s) == 3 })
	samePids(s, "another numprocs", pids[:2], workerNames(2))
}

// TestRollingRestartInterrupted by a crash of the daemon, and by an upgrade: all
// that runs goes on, who was being restarted is, and the surplus goes.
func TestRollingRestartInterrupted(t *testing.T) {
	t.Parallel()
	for what, interrupt := range map[string]func(s *e2e.Daemon){
		"crash": func(s *e2e.Daemon) { s.Crash(); s.Start() },
		"upgrade": func(s *e2e.Daemon) {
			s.Upgrade()
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := e2e.NewDaemon(t)
			// They stop when they may, so that one is just stopping.
			s.Configure(strings.ReplaceAll(workersConf(3, "stopwaitsecs=10000\n"), "sleep 1000",
				fmt.Sprintf(`sh -c "trap 'while ! test -e %s/may; do sleep 0.1; done; exit' TERM; touch %[1]s/$SUPERVISOR_PROCESS_NAME.trapped; while :; do sleep 0.1; done"`, s.Dir)))
			s.Start()
			s.AwaitRunning(workerNames(3)...)
			s.AwaitIgnoresTERM("w_0", "w_1", "w_2")
			pids := s.ProgramPIDs(workerNames(3)...)
			_, ended := s.StartCtl("rolling-restart", "w:*", "--surge", "1")
			s.AwaitStatus("w:w_0", "STOPPING")
			if s.ProgramPID("w:w_3") == 0 {
				t.Error("there is no surplus")
			}
			began := time.Now()
			interrupt(s)
			if took := time.Since(began); took > e2e.Timeout {
				t.Errorf("it took %s: somebody was waited for", took)
			}
			s.Write("may", "")
			s.Await("the end of the surplus", func() bool { return !strings.Contains(s.Ctl("status"), "w_3") })
			s.AwaitOtherPID("w:w_0", pids[0])
			s.Await("all", func() bool { return countRunning(s) == 3 })
			samePids(s, "the others", pids[1:], workerNames(3)[1:])
			out := <-ended
			if what == "upgrade" && !strings.Contains(out, "rolling-restart: ERROR (supervisord was replaced meanwhile") {
				t.Errorf("supervisorctl says %s", out)
			}
			s.ExpectCtl("rolling-restart w:w_2", "w:w_2: restarted\n")
			s.Upgrade()
		})
	}
}

// TestRollingRestartNeedsNoClient: it goes on when supervisorctl is killed.
func TestRollingRestartNeedsNoClient(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure(workersConf(3, "rolling_pause=1s\n"))
	s.Start()
	s.AwaitRunning(workerNames(3)...)
	pids := s.ProgramPIDs(workerNames(3)...)
	client, ended := s.StartCtl("rolling-restart", "w:*")
	s.Await("the first", func() bool { return s.ProgramPID("w:w_0") != pids[0] })
	e2e.Kill(t, client.Process.Pid)
	<-ended
	s.AwaitOtherPID("w:w_2", pids[2])
	s.Await("all", func() bool { return countRunning(s) == 3 })
}

func TestUpdateByProcess(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	configure := func(granularity, programs string) {
		s.Configure(programs)
		s.EditConfig("nodaemon=true", "nodaemon=true\nupdate_granularity="+granularity)
	}
	configure("process", workersConf(3, ""))
	s.Start()
	s.AwaitRunning(workerNames(3)...)
	pids := s.ProgramPIDs(workerNames(3)...)
	configure("process", workersConf(4, "stopwaitsecs=20\n")+"[program:new]\ncommand=sleep 1000\n")
	const plan = `w: changed
  w:w_0  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_1  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_2  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_3  added                   (starts)
new: added (1 process starts)
`
	s.ExpectCtl("update --plan", plan)
	if out := s.Ctl("avail"); strings.Contains(out, "new") {
		t.Errorf("a plan has read the configuration:\n%s", out)
	}
	if out, want := s.Ctl("update"), "w:w_3: added\nw:w_0: updated\nw:w_1: updated\nw:w_2: updated\nw: updated process group\nnew: added process group\n"; out != want {
		t.Errorf("update:\n%s", out)
	}
	s.ExpectCtl("update --plan", "No config updates to processes\n")
	s.AwaitRunning(append(workerNames(4), "new")...)
	samePids(s, "an update", pids, workerNames(3))
	// The AUTO logs are still theirs.
	if out := s.Ctl("tail", "w:w_0"); strings.Contains(out, "ERROR") {
		t.Error(out)
	}
	s.Crash()
	s.Start()
	s.AwaitRunning(workerNames(4)...)
	samePids(s, "a crash", pids, workerNames(3))

	// To Supervisor's own client it is a group like any other.
	const real = "/usr/bin/supervisorctl"
	if head, err := os.ReadFile(real); err != nil || !bytes.HasPrefix(head, []byte("#!/usr/bin/python3")) {
		t.Log("there is no real supervisorctl here")
		return
	}
	configure("process", workersConf(2, ""))
	out, err := exec.Command(real, "-c", s.Path("supervisord.conf"), "update").CombinedOutput()
	if want := "new: stopped\nnew: removed process group\nw: stopped\nw: updated process group\n"; string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
	s.Await("all", func() bool { return countRunning(s) == 2 })
}

// TestRollingUpdateRollsBack when the new configuration does not work.
func TestRollingUpdateRollsBack(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure(workersConf(2, ""))
	s.Start()
	s.AwaitRunning(workerNames(2)...)
	pids := s.ProgramPIDs(workerNames(2)...)
	s.Configure(strings.ReplaceAll(workersConf(2, "startretries=0\n"), "sleep 1000", "false"))
	const want = "w:w_0: ERROR (Exited too quickly)\nw:w_0: returned to the old configuration\nw: ERROR (given up, w:w_1 is as it was)\n"
	s.ExpectCtl("update --rolling", want)
	s.AwaitRunning(workerNames(2)...)
	samePids(s, "the other", pids[1:], workerNames(2)[1:])
	s.Configure(strings.ReplaceAll(workersConf(2, ""), "sleep 1000", "sleep 2000"))
	if out, want := s.Ctl("update", "--rolling", "--surge", "1"), "w:w_2: started\nw:w_0: restarted\nw:w_1: restarted\nw:w_2: stopped\nw: updated process group\n"; out != want {
		t.Error(out)
	}
}
