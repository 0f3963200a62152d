package supervisord_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
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

// startCtl runs supervisorctl in the background. What it printed comes when it has
// ended.
func (s *testDaemon) startCtl(args ...string) (*exec.Cmd, <-chan string) {
	s.t.Helper()
	c := exec.Command("supervisorctl", append([]string{"-c", s.path("supervisord.conf")}, args...)...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan string, 1)
	go func() {
		_ = c.Wait()
		ended <- out.String()
	}()
	return c, ended
}

func (s *testDaemon) samePids(what string, before []int, names []string) {
	s.t.Helper()
	if after := s.programPids(names...); !slices.Equal(before, after) {
		s.t.Errorf("%s: the pids were %v and are %v", what, before, after)
	}
}

func (s *testDaemon) countRunning() int { return strings.Count(s.ctl("status", "w:*"), "RUNNING") }

func TestScaleSurvives(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure(workersConf(2, ""))
	s.start()
	s.awaitRunning(workerNames(2)...)
	if out := s.ctl("scale", "w", "+2"); out != "w:w_2: started\nw:w_3: started\n" {
		t.Fatal(out)
	}
	pids := s.programPids(workerNames(4)...)
	again := func(what string, n int) {
		t.Helper()
		s.await("all", func() bool { return s.countRunning() == n })
		s.samePids(what, pids[:n], workerNames(n))
	}
	crash := func() { s.crash(); s.start() }
	upgrade := func() {
		t.Helper()
		if out := s.ctl("upgrade"); !strings.HasPrefix(out, "Upgraded") {
			t.Fatal(out)
		}
	}
	crash()
	again("a crash", 4)
	crash()
	again("another crash", 4)
	upgrade()
	again("an upgrade", 4)
	crash()
	again("a crash after an upgrade", 4)
	if out := s.ctl("scale", "w", "3"); out != "w:w_3: removed\n" {
		t.Error(out)
	}
	crash()
	again("a crash after another scale", 3)
	if out := s.ctl("update"); out != "w:w_2: removed\nw: updated process group\n" {
		t.Error(out)
	}
	again("an update", 2)
	crash()
	again("a crash after an update", 2)
	// Who changes the file means it.
	if out := s.ctl("scale", "w", "4"); !strings.Contains(out, "started") {
		t.Error(out)
	}
	s.crash()
	for _, pid := range s.processes() {
		if !slices.Contains(pids[:2], pid) {
			killProcess(t, pid)
		}
	}
	s.configure(workersConf(3, ""))
	s.start()
	s.await("all", func() bool { return s.countRunning() == 3 })
	s.samePids("another numprocs", pids[:2], workerNames(2))
}

// TestRollingRestartInterrupted by a crash of the daemon, and by an upgrade: all
// that runs goes on, who was being restarted is, and the surplus goes.
func TestRollingRestartInterrupted(t *testing.T) {
	t.Parallel()
	for what, interrupt := range map[string]func(s *testDaemon){
		"crash": func(s *testDaemon) { s.crash(); s.start() },
		"upgrade": func(s *testDaemon) {
			if out := s.ctl("upgrade"); !strings.HasPrefix(out, "Upgraded") {
				s.t.Error(out)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := newTestDaemon(t)
			// They stop when they may, so that one is just stopping.
			s.configure(strings.ReplaceAll(workersConf(3, "stopwaitsecs=10000\n"), "sleep 1000",
				fmt.Sprintf(`sh -c "trap 'while ! test -e %s/may; do sleep 0.1; done; exit' TERM; touch %[1]s/$SUPERVISOR_PROCESS_NAME.deaf; while :; do sleep 0.1; done"`, s.dir)))
			s.start()
			s.awaitRunning(workerNames(3)...)
			s.awaitIgnoresTERM("w_0", "w_1", "w_2")
			pids := s.programPids(workerNames(3)...)
			_, ended := s.startCtl("rolling-restart", "w:*", "--surge", "1")
			s.await("a stop", func() bool { return strings.Contains(s.ctl("status", "w:w_0"), "STOPPING") })
			if s.pid("w:w_3") == 0 {
				t.Error("there is no surplus")
			}
			began := time.Now()
			interrupt(s)
			if took := time.Since(began); took > waitTimeout {
				t.Errorf("it took %s: somebody was waited for", took)
			}
			s.write("may", "")
			s.await("the end of the surplus", func() bool { return !strings.Contains(s.ctl("status"), "w_3") })
			s.await("the one that was being restarted", func() bool { p := s.pid("w:w_0"); return p != 0 && p != pids[0] })
			s.await("all", func() bool { return s.countRunning() == 3 })
			s.samePids("the others", pids[1:], workerNames(3)[1:])
			out := <-ended
			if what == "upgrade" && !strings.Contains(out, "rolling-restart: ERROR (supervisord was replaced meanwhile") {
				t.Errorf("supervisorctl says %s", out)
			}
			if out := s.ctl("rolling-restart", "w:w_2"); out != "w:w_2: restarted\n" {
				t.Errorf("another: %s", out)
			}
			if out := s.ctl("upgrade"); !strings.HasPrefix(out, "Upgraded") {
				t.Errorf("upgrade: %s", out)
			}
		})
	}
}

// TestRollingRestartNeedsNoClient: it goes on when supervisorctl is killed.
func TestRollingRestartNeedsNoClient(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure(workersConf(3, "rolling_pause=1s\n"))
	s.start()
	s.awaitRunning(workerNames(3)...)
	pids := s.programPids(workerNames(3)...)
	client, ended := s.startCtl("rolling-restart", "w:*")
	s.await("the first", func() bool { return s.pid("w:w_0") != pids[0] })
	killProcess(t, client.Process.Pid)
	<-ended
	s.await("the last", func() bool { p := s.pid("w:w_2"); return p != 0 && p != pids[2] })
	s.await("all", func() bool { return s.countRunning() == 3 })
}

func TestUpdateByProcess(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	configure := func(granularity, programs string) {
		s.configure(programs)
		s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "nodaemon=true", "nodaemon=true\nupdate_granularity="+granularity, 1))
	}
	configure("process", workersConf(3, ""))
	s.start()
	s.awaitRunning(workerNames(3)...)
	pids := s.programPids(workerNames(3)...)
	configure("process", workersConf(4, "stopwaitsecs=20\n")+"[program:new]\ncommand=sleep 1000\n")
	const plan = `w: changed
  w:w_0  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_1  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_2  stopwaitsecs: 10 -> 20  (taken over without a restart)
  w:w_3  added                   (starts)
new: added (1 process starts)
`
	if out := s.ctl("update", "--plan"); out != plan {
		t.Errorf("the plan is\n%s", out)
	}
	if out := s.ctl("avail"); strings.Contains(out, "new") {
		t.Errorf("a plan has read the configuration:\n%s", out)
	}
	if out, want := s.ctl("update"), "w:w_3: added\nw:w_0: updated\nw:w_1: updated\nw:w_2: updated\nw: updated process group\nnew: added process group\n"; out != want {
		t.Errorf("update:\n%s", out)
	}
	if out := s.ctl("update", "--plan"); out != "No config updates to processes\n" {
		t.Error(out)
	}
	s.awaitRunning(append(workerNames(4), "new")...)
	s.samePids("an update", pids, workerNames(3))
	// The AUTO logs are still theirs.
	if out := s.ctl("tail", "w:w_0"); strings.Contains(out, "ERROR") {
		t.Error(out)
	}
	s.crash()
	s.start()
	s.awaitRunning(workerNames(4)...)
	s.samePids("a crash", pids, workerNames(3))

	// To Supervisor's own client it is a group like any other.
	const real = "/usr/bin/supervisorctl"
	if head, err := os.ReadFile(real); err != nil || !bytes.HasPrefix(head, []byte("#!/usr/bin/python3")) {
		t.Log("there is no real supervisorctl here")
		return
	}
	configure("process", workersConf(2, ""))
	out, err := exec.Command(real, "-c", s.path("supervisord.conf"), "update").CombinedOutput()
	if want := "new: stopped\nnew: removed process group\nw: stopped\nw: updated process group\n"; string(out) != want {
		t.Errorf("%v: %s", err, out)
	}
	s.await("all", func() bool { return s.countRunning() == 2 })
}

// TestRollingUpdateRollsBack when the new configuration does not work.
func TestRollingUpdateRollsBack(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure(workersConf(2, ""))
	s.start()
	s.awaitRunning(workerNames(2)...)
	pids := s.programPids(workerNames(2)...)
	s.configure(strings.ReplaceAll(workersConf(2, "startretries=0\n"), "sleep 1000", "false"))
	const want = "w:w_0: ERROR (Exited too quickly)\nw:w_0: returned to the old configuration\nw: ERROR (given up, w:w_1 is as it was)\n"
	if out := s.ctl("update", "--rolling"); out != want {
		t.Error(out)
	}
	s.awaitRunning(workerNames(2)...)
	s.samePids("the other", pids[1:], workerNames(2)[1:])
	s.configure(strings.ReplaceAll(workersConf(2, ""), "sleep 1000", "sleep 2000"))
	if out, want := s.ctl("update", "--rolling", "--surge", "1"), "w:w_2: started\nw:w_0: restarted\nw:w_1: restarted\nw:w_2: stopped\nw: updated process group\n"; out != want {
		t.Error(out)
	}
}
