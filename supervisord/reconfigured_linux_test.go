package supervisord_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/system/procfs"
)

// crashAndReconfigure has the configuration become another one while no daemon runs.
func (s *testDaemon) crashAndReconfigure(programs string) {
	s.t.Helper()
	s.crash()
	s.configure(programs)
	s.start()
	s.await("the daemon", func() bool { return strings.Contains(s.ctl("pid"), fmt.Sprint(s.daemonPid())) })
}

func (s *testDaemon) expectPid(name string, want int) {
	s.t.Helper()
	s.awaitRunning(name)
	if got := s.pid(name); got != want {
		s.t.Errorf("%s had pid %d and has %d", name, want, got)
	}
}

// TestProgramRenamedDuringCrash: whatever its group and its name are now, it is
// not started twice.
func TestProgramRenamedDuringCrash(t *testing.T) {
	t.Parallel()
	const before = "[program:web]\ncommand=sleep 1000\nprocess_name=%(program_name)s_%(process_num)d\nnumprocs=2\n"
	for what, tt := range map[string]struct {
		after string
		now   [2]string
	}{
		"in a group":         {before + "[group:all]\nprograms=web\n", [2]string{"all:web_0", "all:web_1"}},
		"renamed":            {strings.Replace(before, ":web", ":www", 1), [2]string{"www:www_0", "www:www_1"}},
		"other process_name": {strings.Replace(strings.Replace(before, "%(program_name)s_", "p", 1), "1000", "2000", 1), [2]string{"web:p0", "web:p1"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newTestDaemon(t)
			s.configure(before)
			s.start()
			names := []string{"web:web_0", "web:web_1"}
			s.awaitRunning(names...)
			pids := s.programPids(names...)
			s.crashAndReconfigure(tt.after)
			for range 2 { // for the daemon after it, too
				for i, name := range tt.now {
					s.expectPid(name, pids[i])
				}
				s.crash()
				s.start()
			}
			s.awaitRunning(tt.now[:]...)
			if n := len(s.processes()); n != 2 {
				t.Errorf("%d processes", n)
			}
		})
	}
}

// TestUnconfiguredProgram: what is not configured any more is told of until it ends,
// can be stopped like any other, and never runs beside another one of its name.
func TestUnconfiguredProgram(t *testing.T) {
	t.Parallel()
	const stays = "[program:stays]\ncommand=sleep 1000\n"
	s := newTestDaemon(t)
	gone := fmt.Sprintf("[program:gone]\ncommand=sh -c 'while :; do echo tick; sleep 0.02; done'\nstdout_logfile=%s/gone.log\n", s.dir) +
		"[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\nnumprocs=2\n"
	s.configure(stays + gone)
	s.start()
	names := []string{"stays", "gone", "few:few_0", "few:few_1"}
	s.awaitRunning(names...)
	pids := s.programPids(names...)
	s.crashAndReconfigure(stays + "[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\n")
	for range 2 {
		s.expectPid("stays", pids[0])
		s.expectPid("few:few_0", pids[2])
		s.awaitGrowth(s.path("gone.log"))
		if status := s.ctl("status"); strings.Contains(status, "gone") || strings.Contains(status, "few_1") {
			t.Errorf("status is not Supervisor's:\n%s", status)
		}
		for i, name := range []string{"gone", "few:few_1"} {
			want := fmt.Sprintf("unconfigured: pid %d ", pids[1+2*i])
			if out := s.ctl("status", "-v"); !strings.Contains(out, want) {
				t.Errorf("status -v:\n%s", out)
			}
			if out := s.ctl("why", name); !strings.Contains(out, want) {
				t.Errorf("why: %s", out)
			}
		}
		s.crash()
		s.start()
		s.awaitRunning("stays")
	}
	if out := s.ctl("stop", "gone"); out != "gone: stopped\n" {
		t.Errorf("stop: %s", out)
	}
	if alive(pids[1]) {
		t.Error("it lives")
	}
	killProcess(t, pids[3])
	s.await("nothing to be told of", func() bool { return !strings.Contains(s.ctl("status", "-v"), "unconfigured") })
	s.configure(stays + gone)
	s.ctl("update")
	s.awaitRunning("gone", "few:few_1")
	s.ctl("shutdown")
	if err := s.daemon.Wait(); err != nil {
		t.Error(err)
	}
	s.awaitNoProcesses()
}

// TestUnconfiguredProgramIsConfiguredAgain: it goes on under its name, and nothing is
// started beside it.
func TestUnconfiguredProgramIsConfiguredAgain(t *testing.T) {
	t.Parallel()
	for _, granularity := range []string{"group", "process"} {
		t.Run(granularity, func(t *testing.T) {
			t.Parallel()
			s := newTestDaemon(t)
			configure := func(programs string) {
				s.configure(programs)
				s.addSupervisordOptions("update_granularity=" + granularity)
			}
			const few = "[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\n"
			gone := fmt.Sprintf("[program:gone]\ncommand=sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done'\nstdout_logfile=%s/gone.log\n", s.dir)
			configure(few + "numprocs=2\n" + gone)
			s.start()
			names := []string{"gone", "few:few_0", "few:few_1"}
			s.awaitRunning(names...)
			pids := s.programPids(names...)
			s.crash()
			configure(few)
			s.start()
			s.awaitRunning("few:few_0")
			configure(few + "numprocs=2\n" + gone)
			s.ctl("update")
			s.expectPid("gone", pids[0])
			if granularity == "process" {
				s.expectPid("few:few_1", pids[2])
			}
			s.awaitRunning(names...)
			if alive(pids[2]) && s.pid("few:few_1") != pids[2] {
				t.Error("few_1 runs twice")
			}
			if strings.Contains(s.ctl("status", "-v"), "unconfigured") {
				t.Error("something is unconfigured still")
			}
			s.awaitGrowth(s.path("gone.log"))
			if out := s.ctl("stop", "all"); strings.Count(out, "stopped") != 3 {
				t.Errorf("stop: %s", out)
			}
			s.checkCount("gone.log")
		})
	}
}

// TestShutdownStopsUnconfiguredPrograms, and leaves no record of them.
func TestShutdownStopsUnconfiguredPrograms(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure("[program:gone]\ncommand=sleep 1000\n")
	s.start()
	s.awaitRunning("gone")
	pid := s.pid("gone")
	s.crashAndReconfigure("[program:other]\ncommand=sleep 2000\n")
	s.awaitRunning("other")
	if procfs.StartTime(pid) == 0 {
		t.Fatal("it has been stopped")
	}
	if out := s.ctl("upgrade"); !strings.Contains(out, "gone runs and is not configured") {
		t.Errorf("upgrade: %s", out)
	}
	if err := syscall.Kill(s.daemonPid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.daemon.Wait(); err != nil {
		t.Error(err)
	}
	if left := s.processes(); len(left) > 0 {
		t.Errorf("processes left: %v", left)
	}
	if _, err := os.Stat(s.path("supervisord.pid.state")); err == nil {
		t.Error("the record stays behind")
	}
}

// TestOrphanPolicyOfUnconfiguredPrograms: with kill they are ended like others.
func TestOrphanPolicyOfUnconfiguredPrograms(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure("[program:gone]\ncommand=sleep 1000\n")
	s.start()
	s.awaitRunning("gone")
	pid := s.pid("gone")
	s.crash()
	s.configure("[program:other]\ncommand=sleep 2000\n")
	s.addSupervisordOptions("orphan_policy=kill")
	s.start()
	s.await("its end", func() bool { return !alive(pid) })
	s.awaitRunning("other")
	if n := len(s.processes()); n != 1 {
		t.Errorf("%d processes", n)
	}
}

// TestProgramChangedDuringCrash: it is adopted, and counts as changed until it has
// been restarted.
func TestProgramChangedDuringCrash(t *testing.T) {
	t.Parallel()
	const before = "[program:web]\ncommand=sleep 1000\n[program:same]\ncommand=sleep 1000\n"
	for what, tt := range map[string]struct{ option, named string }{
		"by group":   {"command=sleep 2000", "command"},
		"by process": {"command=sleep 1000\nenvironment=A=b", "environment"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newTestDaemon(t)
			s.configure(before)
			s.start()
			s.awaitRunning("web", "same")
			web, same := s.pid("web"), s.pid("same")
			s.crash()
			s.configure(strings.Replace(before, "command=sleep 1000", tt.option, 1))
			if what == "by process" {
				s.addSupervisordOptions("update_granularity=process")
			}
			for range 2 { // what is adopted again is what it was
				s.start()
				s.expectPid("web", web)
				s.crash()
			}
			s.start()
			s.expectPid("web", web)
			if out := s.ctl("why", "web"); !strings.Contains(out, "with another "+tt.named) {
				t.Errorf("why: %s", out)
			}
			if out := s.ctl("reread"); out != "web: changed\n" {
				t.Errorf("reread: %s", out)
			}
			s.ctl("update")
			s.await("another one", func() bool { p := s.pid("web"); return p != 0 && p != web })
			s.expectPid("same", same)
			if out := s.ctl("reread"); out != "No config updates to processes\n" {
				t.Errorf("reread afterwards: %s", out)
			}
		})
	}
}
