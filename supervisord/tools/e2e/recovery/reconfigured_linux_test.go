package recovery

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/system/procfs"
	"supervisor/supervisord/tools/testkit/e2e"
)

// crashAndReconfigure has the configuration become another one while no daemon runs.
func crashAndReconfigure(s *e2e.Daemon, programs string) {
	s.T.Helper()
	s.Crash()
	s.Configure(programs)
	s.Start()
	s.Await("the daemon", func() bool { return strings.Contains(s.Ctl("pid"), fmt.Sprint(s.PID())) })
}

func expectPid(s *e2e.Daemon, name string, want int) {
	s.T.Helper()
	s.AwaitRunning(name)
	if got := s.ProgramPID(name); got != want {
		s.T.Errorf("%s had pid %d and has %d", name, want, got)
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
			s := e2e.NewDaemon(t)
			s.Configure(before)
			s.Start()
			names := []string{"web:web_0", "web:web_1"}
			s.AwaitRunning(names...)
			pids := s.ProgramPIDs(names...)
			crashAndReconfigure(s, tt.after)
			for range 2 { // for the daemon after it, too
				for i, name := range tt.now {
					expectPid(s, name, pids[i])
				}
				s.Crash()
				s.Start()
			}
			s.AwaitRunning(tt.now[:]...)
			if n := len(s.Processes()); n != 2 {
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
	s := e2e.NewDaemon(t)
	gone := fmt.Sprintf("[program:gone]\ncommand=sh -c 'while :; do echo tick; sleep 0.02; done'\nstdout_logfile=%s/gone.log\n", s.Dir) +
		"[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\nnumprocs=2\n"
	s.Configure(stays + gone)
	s.Start()
	names := []string{"stays", "gone", "few:few_0", "few:few_1"}
	s.AwaitRunning(names...)
	pids := s.ProgramPIDs(names...)
	crashAndReconfigure(s, stays+"[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\n")
	for range 2 {
		expectPid(s, "stays", pids[0])
		expectPid(s, "few:few_0", pids[2])
		s.AwaitGrowth("gone.log")
		if status := s.Ctl("status"); strings.Contains(status, "gone") || strings.Contains(status, "few_1") {
			t.Errorf("status is not Supervisor's:\n%s", status)
		}
		for i, name := range []string{"gone", "few:few_1"} {
			want := fmt.Sprintf("unconfigured: pid %d ", pids[1+2*i])
			if out := s.Ctl("status", "-v"); !strings.Contains(out, want) {
				t.Errorf("status -v:\n%s", out)
			}
			if out := s.Ctl("why", name); !strings.Contains(out, want) {
				t.Errorf("why: %s", out)
			}
		}
		s.Crash()
		s.Start()
		s.AwaitRunning("stays")
	}
	s.ExpectCtl("stop gone", "gone: stopped\n")
	if e2e.Alive(pids[1]) {
		t.Error("it lives")
	}
	e2e.Kill(t, pids[3])
	s.Await("nothing to be told of", func() bool { return !strings.Contains(s.Ctl("status", "-v"), "unconfigured") })
	s.Configure(stays + gone)
	s.Ctl("update")
	s.AwaitRunning("gone", "few:few_1")
	s.Ctl("shutdown")
	s.ExpectExit()
	s.AwaitNoProcesses()
}

// TestUnconfiguredProgramIsConfiguredAgain: it goes on under its name, and nothing is
// started beside it.
func TestUnconfiguredProgramIsConfiguredAgain(t *testing.T) {
	t.Parallel()
	for _, granularity := range []string{"group", "process"} {
		t.Run(granularity, func(t *testing.T) {
			t.Parallel()
			s := e2e.NewDaemon(t)
			configure := func(programs string) {
				s.Configure(programs)
				s.AddOptions("update_granularity=" + granularity)
			}
			const few = "[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\n"
			gone := fmt.Sprintf("[program:gone]\ncommand=sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done'\nstdout_logfile=%s/gone.log\n", s.Dir)
			configure(few + "numprocs=2\n" + gone)
			s.Start()
			names := []string{"gone", "few:few_0", "few:few_1"}
			s.AwaitRunning(names...)
			pids := s.ProgramPIDs(names...)
			s.Crash()
			configure(few)
			s.Start()
			s.AwaitRunning("few:few_0")
			configure(few + "numprocs=2\n" + gone)
			s.Ctl("update")
			expectPid(s, "gone", pids[0])
			if granularity == "process" {
				expectPid(s, "few:few_1", pids[2])
			}
			s.AwaitRunning(names...)
			if e2e.Alive(pids[2]) && s.ProgramPID("few:few_1") != pids[2] {
				t.Error("few_1 runs twice")
			}
			if strings.Contains(s.Ctl("status", "-v"), "unconfigured") {
				t.Error("something is unconfigured still")
			}
			s.AwaitGrowth("gone.log")
			if out := s.Ctl("stop", "all"); strings.Count(out, "stopped") != 3 {
				t.Errorf("stop: %s", out)
			}
			s.CheckNumbered("gone.log")
		})
	}
}

// TestShutdownStopsUnconfiguredPrograms, and leaves no record of them.
func TestShutdownStopsUnconfiguredPrograms(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure("[program:gone]\ncommand=sleep 1000\n")
	s.Start()
	s.AwaitRunning("gone")
	pid := s.ProgramPID("gone")
	crashAndReconfigure(s, "[program:other]\ncommand=sleep 2000\n")
	s.AwaitRunning("other")
	if procfs.StartTime(pid) == 0 {
		t.Fatal("it has been stopped")
	}
	if out := s.Ctl("upgrade"); !strings.Contains(out, "gone runs and is not configured") {
		t.Errorf("upgrade: %s", out)
	}
	s.Signal(syscall.SIGTERM)
	s.ExpectExit()
	s.ExpectNoProcesses()
	if s.Exists("supervisord.pid.state") {
		t.Error("the record stays behind")
	}
}

// TestOrphanPolicyOfUnconfiguredPrograms: with kill they are ended like others.
func TestOrphanPolicyOfUnconfiguredPrograms(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure("[program:gone]\ncommand=sleep 1000\n")
	s.Start()
	s.AwaitRunning("gone")
	pid := s.ProgramPID("gone")
	s.Crash()
	s.Configure("[program:other]\ncommand=sleep 2000\n")
	s.AddOptions("orphan_policy=kill")
	s.Start()
	s.AwaitEnd(pid)
	s.AwaitRunning("other")
	if n := len(s.Processes()); n != 1 {
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
			s := e2e.NewDaemon(t)
			s.Configure(before)
			s.Start()
			s.AwaitRunning("web", "same")
			web, same := s.ProgramPID("web"), s.ProgramPID("same")
			s.Crash()
			s.Configure(strings.Replace(before, "command=sleep 1000", tt.option, 1))
			if what == "by process" {
				s.AddOptions("update_granularity=process")
			}
			for range 2 { // what is adopted again is what it was
				s.Start()
				expectPid(s, "web", web)
				s.Crash()
			}
			s.Start()
			expectPid(s, "web", web)
			if out := s.Ctl("why", "web"); !strings.Contains(out, "with another "+tt.named) {
				t.Errorf("why: %s", out)
			}
			s.ExpectCtl("reread", "web: changed\n")
			s.Ctl("update")
			s.AwaitOtherPID("web", web)
			expectPid(s, "same", same)
			s.ExpectCtl("reread", "No config updates to processes\n")
		})
	}
}
