package lifecycle

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/system/procfs"
	"supervisor/supervisord/tools/testkit/e2e"
)

// programWithLeftovers is a program whose child ends when it is told to, and leaves two behind
// that don't: one in its process group, one in a session of its own. Each writes
// its pid into a file.
func programWithLeftovers(d *e2e.Daemon, name string) string {
	stubborn := `trap "" TERM QUIT HUP; echo $$ >>` + d.Path(name+".pids") + `; while :; do sleep 600; done`
	d.Write(name+".trapped", stubborn)
	d.Write(name+".sh", `trap "exit 0" TERM
sh `+d.Path(name+".trapped")+` &
setsid sh `+d.Path(name+".trapped")+` &
wait
`)
	return "[program:" + name + "]\ncommand=sh " + d.Path(name+".sh") + "\n"
}

// leftoverPids are the pids of those that a clan leaves behind, once there are two.
func leftoverPids(d *e2e.Daemon, name string) (pids []int) {
	d.T.Helper()
	d.Await(name+" has two to leave behind", func() bool {
		data, _ := os.ReadFile(d.Path(name + ".pids"))
		pids = nil
		for word := range strings.FieldsSeq(string(data)) {
			pid, err := strconv.Atoi(word)
			if err == nil {
				pids = append(pids, pid)
			}
		}
		return len(pids) == 2 && strings.HasSuffix(string(data), "\n")
	})
	d.T.Cleanup(func() {
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
	d := e2e.NewDaemon(t)
	d.Configure(programWithLeftovers(d, "group") + "stop_scope=group\nleftovers=ignore\nstopwaitsecs=1\n" +
		programWithLeftovers(d, "tree") + "stop_scope=tree\nstop_sequence=QUIT 0.2s, TERM 0.2s, KILL\n" +
		programWithLeftovers(d, "cgroup") + "stop_scope=cgroup\nstopwaitsecs=1\n" +
		programWithLeftovers(d, "report") + "leftovers=report\n" +
		programWithLeftovers(d, "killed") + "leftovers=kill\n" +
		programWithLeftovers(d, "plain") +
		programWithLeftovers(d, "now") + "stop_scope=tree\nstopwaitsecs=1000\n")
	d.Start()
	for _, tt := range []struct {
		name, verb string
		survivors  int
	}{
		{"group", "stop", 1}, {"tree", "stop", 0}, {"cgroup", "stop", 0}, {"report", "stop", 2}, {"killed", "stop", 0}, {"plain", "stop", 2}, {"now", "kill", 0},
	} {
		d.AwaitRunning(tt.name)
		pids := leftoverPids(d, tt.name)
		out := d.Ctl(tt.verb, tt.name)
		want := tt.name + ": stopped\n"
		if tt.verb == "kill" {
			want = tt.name + ": killed\n"
		}
		if tt.name == "report" {
			if !strings.HasPrefix(out, want+"report: left behind pid ") || strings.Count(out, "report.trapped") != 2 {
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
	log := d.Log()
	if strings.Count(log, "left behind by") != 1 || !strings.Contains(log, "left behind by report: pid ") {
		t.Errorf("the log is\n%s", log)
	}
	d.Ctl("shutdown")
}

// TestStopContinuesAcrossDaemons: the child has ended, the rest of its scope is
// waited for, when the daemon crashes or is upgraded.
func TestStopContinuesAcrossDaemons(t *testing.T) {
	t.Parallel()
	for _, scope := range []string{"tree", "cgroup"} {
		t.Run(scope, func(t *testing.T) {
			d := e2e.NewDaemon(t)
			d.Configure(programWithLeftovers(d, "clan") + "stop_scope=" + scope + "\nstop_sequence=TERM 1000s, KILL\n" +
				"[program:loop]\ncommand=sh -c 'exit 3'\nstartsecs=0\nrestart_delay=0.1s\nrestart_limit=3/1h\n")
			d.Start()
			d.AwaitRunning("clan")
			pids := leftoverPids(d, "clan")
			_, stopEnded := d.StartCtl("stop", "clan")
			d.AwaitLog("waiting for the rest of its")
			d.AwaitStatus("loop", "given up: 3 restarts within 1h")
			d.Crash()
			<-stopEnded
			d.Start()
			check := func(what string) {
				t.Helper()
				d.AwaitStatus("clan", "STOPPING")
				if !processExists(pids[0]) || !processExists(pids[1]) {
					t.Errorf("after %s somebody is killed before the time", what)
				}
			}
			check("a crash")
			d.Upgrade()
			check("an upgrade")
			d.ExpectCtl("stop --now clan", "clan: stopped\n")
			if processExists(pids[0]) || processExists(pids[1]) {
				t.Error("somebody is left")
			}
			d.Ctl("start", "loop")
			d.AwaitStatus("loop", "FATAL")
			if n := strings.Count(d.Log(), "spawned: 'loop'"); n != 5 {
				t.Errorf("loop was born %d times", n)
			}
			d.ExpectCtl("reset loop", "loop: reset\n")
			d.Ctl("shutdown")
		})
	}
}
