package recovery

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/system/procfs"
	"supervisor/supervisord/tools/testkit/e2e"
)

// crashAndReconfigure changes the configuration while no daemon runs.
func crashAndReconfigure(d *e2e.Daemon, programs string) {
	d.T.Helper()
	d.Crash()
	d.Configure(programs)
	d.Start()
	d.Await("the daemon", func() bool { return strings.Contains(d.Ctl("pid"), fmt.Sprint(d.PID())) })
}

// expectSurvived waits until a process is RUNNING, with the pid that it had.
func expectSurvived(d *e2e.Daemon, name string, pid int) {
	d.T.Helper()
	d.AwaitRunning(name)
	d.ExpectPID(name, pid)
}

// TestProgramRenamedDuringCrash checks that a program with a new name or group is not
// started beside its old process.
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
			d := e2e.NewDaemon(t)
			d.Configure(before)
			d.Start()
			names := []string{"web:web_0", "web:web_1"}
			d.AwaitRunning(names...)
			pids := d.ProgramPIDs(names...)
			crashAndReconfigure(d, tt.after)
			for range 2 { // the next daemon does the same
				for i, name := range tt.now {
					expectSurvived(d, name, pids[i])
				}
				d.Crash()
				d.Start()
			}
			d.AwaitRunning(tt.now[:]...)
			if n := len(d.Processes()); n != 2 {
				t.Errorf("%d processes", n)
			}
		})
	}
}

// TestUnconfiguredProgram removes programs from the configuration while no daemon runs.
// Their processes are reported until they end, can be stopped, and never run beside
// another process of the same name.
func TestUnconfiguredProgram(t *testing.T) {
	t.Parallel()
	const stays = "[program:stays]\ncommand=sleep 1000\n"
	d := e2e.NewDaemon(t)
	gone := fmt.Sprintf("[program:gone]\ncommand=sh -c 'while :; do echo tick; sleep 0.02; done'\nstdout_logfile=%s/gone.log\n", d.Dir) +
		"[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\nnumprocs=2\n"
	d.Configure(stays + gone)
	d.Start()
	names := []string{"stays", "gone", "few:few_0", "few:few_1"}
	d.AwaitRunning(names...)
	pids := d.ProgramPIDs(names...)
	crashAndReconfigure(d, stays+"[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\n")
	for range 2 {
		expectSurvived(d, "stays", pids[0])
		expectSurvived(d, "few:few_0", pids[2])
		d.AwaitGrowth("gone.log")
		if status := d.Ctl("status"); strings.Contains(status, "gone") || strings.Contains(status, "few_1") {
			t.Errorf("status shows an unconfigured program:\n%s", status)
		}
		for i, name := range []string{"gone", "few:few_1"} {
			want := fmt.Sprintf("unconfigured: pid %d ", pids[1+2*i])
			if out := d.Ctl("status", "-v"); !strings.Contains(out, want) {
				t.Errorf("status -v:\n%s", out)
			}
			if out := d.Ctl("why", name); !strings.Contains(out, want) {
				t.Errorf("why: %s", out)
			}
		}
		d.Crash()
		d.Start()
		d.AwaitRunning("stays")
	}
	d.ExpectCtl("stop gone", "gone: stopped\n")
	if e2e.Alive(pids[1]) {
		t.Error("the stopped process is alive")
	}
	e2e.Kill(t, pids[3])
	d.Await("no unconfigured process", func() bool { return !strings.Contains(d.Ctl("status", "-v"), "unconfigured") })
	d.Configure(stays + gone)
	d.Ctl("update")
	d.AwaitRunning("gone", "few:few_1")
	d.Ctl("shutdown")
	d.ExpectExit()
	d.AwaitNoProcesses()
}

// TestUnconfiguredProgramIsConfiguredAgain checks that an update gives the process of an
// unconfigured program to the program when it is back, and starts no second one.
func TestUnconfiguredProgramIsConfiguredAgain(t *testing.T) {
	t.Parallel()
	for _, granularity := range []string{"group", "process"} {
		t.Run(granularity, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			configure := func(programs string) {
				d.Configure(programs)
				d.AddOptions("update_granularity=" + granularity)
			}
			const few = "[program:few]\ncommand=sleep 2000\nprocess_name=few_%(process_num)d\n"
			gone := fmt.Sprintf("[program:gone]\ncommand=sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done'\nstdout_logfile=%s/gone.log\n", d.Dir)
			configure(few + "numprocs=2\n" + gone)
			d.Start()
			names := []string{"gone", "few:few_0", "few:few_1"}
			d.AwaitRunning(names...)
			pids := d.ProgramPIDs(names...)
			d.Crash()
			configure(few)
			d.Start()
			d.AwaitRunning("few:few_0")
			configure(few + "numprocs=2\n" + gone)
			d.Ctl("update")
			expectSurvived(d, "gone", pids[0])
			if granularity == "process" {
				expectSurvived(d, "few:few_1", pids[2])
			}
			d.AwaitRunning(names...)
			if e2e.Alive(pids[2]) && d.ProgramPID("few:few_1") != pids[2] {
				t.Error("few_1 runs twice")
			}
			if strings.Contains(d.Ctl("status", "-v"), "unconfigured") {
				t.Error("a program is still unconfigured")
			}
			d.AwaitGrowth("gone.log")
			if out := d.Ctl("stop", "all"); strings.Count(out, "stopped") != 3 {
				t.Errorf("stop: %s", out)
			}
			d.CheckNumbered("gone.log")
		})
	}
}

// TestShutdownStopsUnconfiguredPrograms checks that a shutdown stops them, too, and
// removes the journal.
func TestShutdownStopsUnconfiguredPrograms(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:gone]\ncommand=sleep 1000\n", "gone")
	pid := d.ProgramPID("gone")
	crashAndReconfigure(d, "[program:other]\ncommand=sleep 2000\n")
	d.AwaitRunning("other")
	if procfs.StartTime(pid) == 0 {
		t.Fatal("the unconfigured program was stopped at the start")
	}
	if out := d.Ctl("upgrade"); !strings.Contains(out, "gone runs and is not configured") {
		t.Errorf("upgrade: %s", out)
	}
	d.Signal(syscall.SIGTERM)
	d.ExpectExit()
	d.ExpectNoProcesses()
	if d.Exists("supervisord.pid.state") {
		t.Error("the journal is left")
	}
}

// TestOrphanPolicyOfUnconfiguredPrograms checks that orphan_policy=kill ends them.
func TestOrphanPolicyOfUnconfiguredPrograms(t *testing.T) {
	t.Parallel()
	d := e2e.StartDaemon(t, "[program:gone]\ncommand=sleep 1000\n", "gone")
	pid := d.ProgramPID("gone")
	d.Crash()
	d.Configure("[program:other]\ncommand=sleep 2000\n")
	d.AddOptions("orphan_policy=kill")
	d.Start()
	d.AwaitEnd(pid)
	d.AwaitRunning("other")
	if n := len(d.Processes()); n != 1 {
		t.Errorf("%d processes", n)
	}
}

// TestProgramChangedDuringCrash checks that a program with another configuration is
// adopted, and counts as changed until it is restarted.
func TestProgramChangedDuringCrash(t *testing.T) {
	t.Parallel()
	const before = "[program:web]\ncommand=sleep 1000\n[program:same]\ncommand=sleep 1000\n"
	for what, tt := range map[string]struct{ option, named string }{
		"by group":   {"command=sleep 2000", "command"},
		"by process": {"command=sleep 1000\nenvironment=A=b", "environment"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := e2e.StartDaemon(t, before, "web", "same")
			web, same := d.ProgramPID("web"), d.ProgramPID("same")
			d.Crash()
			d.Configure(strings.Replace(before, "command=sleep 1000", tt.option, 1))
			if what == "by process" {
				d.AddOptions("update_granularity=process")
			}
			for range 2 { // the second adoption knows it, too
				d.Start()
				expectSurvived(d, "web", web)
				d.Crash()
			}
			d.Start()
			expectSurvived(d, "web", web)
			if out := d.Ctl("why", "web"); !strings.Contains(out, "with another "+tt.named) {
				t.Errorf("why: %s", out)
			}
			d.ExpectCtl("reread", "web: changed\n")
			d.Ctl("update")
			d.AwaitOtherPID("web", web)
			expectSurvived(d, "same", same)
			d.ExpectCtl("reread", "No config updates to processes\n")
		})
	}
}
