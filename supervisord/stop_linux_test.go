package supervisord_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/system/procfs"
)

// ignoreTERMCommand is a command that does not end at SIGTERM once it has made a file:
// see awaitDeaf. A shell that is asked to end before its trap stands obeys.
func (s *testDaemon) ignoreTERMCommand(name string) string {
	return fmt.Sprintf(`sh -c "trap '' TERM; touch %s; while :; do sleep 0.1; done"`, s.path(name+".deaf"))
}

func (s *testDaemon) awaitIgnoresTERM(names ...string) {
	s.t.Helper()
	for _, name := range names {
		s.await(name+" ignores SIGTERM", func() bool { _, err := os.Stat(s.path(name + ".deaf")); return err == nil })
	}
}

// programWithLeftovers is a program whose child ends when it is told to, and leaves two behind
// that don't: one in its process group, one in a session of its own. Each writes
// its pid into a file.
func (s *testDaemon) programWithLeftovers(name string) string {
	deaf := `trap "" TERM QUIT HUP; echo $$ >>` + s.path(name+".pids") + `; while :; do sleep 600; done`
	s.write(name+".deaf", deaf)
	s.write(name+".sh", `trap "exit 0" TERM
sh `+s.path(name+".deaf")+` &
setsid sh `+s.path(name+".deaf")+` &
wait
`)
	return "[program:" + name + "]\ncommand=sh " + s.path(name+".sh") + "\n"
}

// leftoverPids are the pids of those that a clan leaves behind, once there are two.
func (s *testDaemon) leftoverPids(name string) (pids []int) {
	s.t.Helper()
	s.await(name+" has two to leave behind", func() bool {
		data, _ := os.ReadFile(s.path(name + ".pids"))
		pids = nil
		for word := range strings.FieldsSeq(string(data)) {
			pid, err := strconv.Atoi(word)
			if err == nil {
				pids = append(pids, pid)
			}
		}
		return len(pids) == 2 && strings.HasSuffix(string(data), "\n")
	})
	s.t.Cleanup(func() {
		for _, pid := range pids {
			if processExists(pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	return pids
}

func processExists(pid int) bool { return procfs.StartTime(pid) != 0 }

func TestStopScopes(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure(s.programWithLeftovers("group") + "stop_scope=group\nleftovers=ignore\nstopwaitsecs=1\n" +
		s.programWithLeftovers("tree") + "stop_scope=tree\nstop_sequence=QUIT 0.2s, TERM 0.2s, KILL\n" +
		s.programWithLeftovers("cgroup") + "stop_scope=cgroup\nstopwaitsecs=1\n" +
		s.programWithLeftovers("report") + "leftovers=report\n" +
		s.programWithLeftovers("killed") + "leftovers=kill\n" +
		s.programWithLeftovers("plain") +
		s.programWithLeftovers("now") + "stop_scope=tree\nstopwaitsecs=1000\n")
	s.start()
	for _, tt := range []struct {
		name, verb string
		survivors  int
	}{
		{"group", "stop", 1}, {"tree", "stop", 0}, {"cgroup", "stop", 0}, {"report", "stop", 2}, {"killed", "stop", 0}, {"plain", "stop", 2}, {"now", "kill", 0},
	} {
		s.awaitRunning(tt.name)
		pids := s.leftoverPids(tt.name)
		out := s.ctl(tt.verb, tt.name)
		want := tt.name + ": stopped\n"
		if tt.verb == "kill" {
			want = tt.name + ": killed\n"
		}
		if tt.name == "report" {
			if !strings.HasPrefix(out, want+"report: left behind pid ") || strings.Count(out, "report.deaf") != 2 {
				t.Errorf("%s %s: %q", tt.verb, tt.name, out)
			}
		} else if out != want {
			t.Errorf("%s %s: %q", tt.verb, tt.name, out)
		}
		survivors := 0
		for _, pid := range pids {
			if processExists(pid) {
				survivors++
			}
		}
		if survivors != tt.survivors {
			t.Errorf("%s: %d are left, not %d", tt.name, survivors, tt.survivors)
		}
	}
	log := s.read("supervisord.log")
	if strings.Count(log, "left behind by") != 1 || !strings.Contains(log, "left behind by report: pid ") {
		t.Errorf("the log is\n%s", log)
	}
	s.ctl("shutdown")
}

// TestStopContinuesAcrossDaemons: the child has ended, the rest of its scope is
// waited for, when the daemon crashes or is upgraded.
func TestStopContinuesAcrossDaemons(t *testing.T) {
	t.Parallel()
	for _, scope := range []string{"tree", "cgroup"} {
		t.Run(scope, func(t *testing.T) {
			s := newTestDaemon(t)
			s.configure(s.programWithLeftovers("clan") + "stop_scope=" + scope + "\nstop_sequence=TERM 1000s, KILL\n" +
				"[program:loop]\ncommand=sh -c 'exit 3'\nstartsecs=0\nrestart_delay=0.1s\nrestart_limit=3/1h\n")
			s.start()
			s.awaitRunning("clan")
			pids := s.leftoverPids("clan")
			stopping := exec.Command("supervisorctl", "-c", s.path("supervisord.conf"), "stop", "clan")
			if err := stopping.Start(); err != nil {
				t.Fatal(err)
			}
			s.await("the child has ended", func() bool { return strings.Contains(s.read("supervisord.log"), "waiting for the rest of its") })
			s.await("loop is given up", func() bool { return strings.Contains(s.ctl("status", "loop"), "given up: 3 restarts within 1h") })
			s.crash()
			_ = stopping.Wait()
			s.start()
			check := func(what string) {
				t.Helper()
				s.await("STOPPING after "+what, func() bool { return strings.Contains(s.ctl("status", "clan"), "STOPPING") })
				if !processExists(pids[0]) || !processExists(pids[1]) {
					t.Errorf("after %s somebody is killed before the time", what)
				}
			}
			check("a crash")
			if out := s.ctl("upgrade"); !strings.Contains(out, "Upgraded") {
				t.Fatal(out)
			}
			check("an upgrade")
			if out := s.ctl("stop", "--now", "clan"); out != "clan: stopped\n" {
				t.Errorf("stop --now: %q", out)
			}
			if processExists(pids[0]) || processExists(pids[1]) {
				t.Error("somebody is left")
			}
			s.ctl("start", "loop")
			s.await("the budget of loop is still used up", func() bool { return strings.Contains(s.ctl("status", "loop"), "FATAL") })
			if n := strings.Count(s.read("supervisord.log"), "spawned: 'loop'"); n != 5 {
				t.Errorf("loop was born %d times", n)
			}
			if out := s.ctl("reset", "loop"); out != "loop: reset\n" {
				t.Errorf("reset: %q", out)
			}
			s.ctl("shutdown")
		})
	}
}
