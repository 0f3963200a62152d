package lifecycle

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// programWithLeftovers is a program whose child ends at SIGTERM and leaves two
// processes that ignore it: one in its process group, one in a session of its own.
// Each of them writes its pid to a file after its trap is set.
func programWithLeftovers(d *e2e.Daemon, name string) string {
	d.Write(name+".left", `trap "" TERM QUIT HUP; echo $$ >>`+d.Path(name+".pids")+`; while :; do sleep 600; done`)
	d.Write(name+".sh", `trap "exit 0" TERM
sh `+d.Path(name+".left")+` &
setsid sh `+d.Path(name+".left")+` &
wait
`)
	return "[program:" + name + "]\ncommand=sh " + d.Path(name+".sh") + "\n"
}

// leftoverPids waits for the two processes and returns their pids.
func leftoverPids(d *e2e.Daemon, name string) (pids []int) {
	d.T.Helper()
	d.Await("the two processes that "+name+" leaves", func() bool {
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
			if e2e.Alive(pid) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	return pids
}

// startWithLeftovers starts such a program and waits for its two processes.
func startWithLeftovers(t *testing.T, name, options string) (d *e2e.Daemon, pids []int) {
	t.Helper()
	d = e2e.NewDaemon(t)
	d.Configure(programWithLeftovers(d, name) + options)
	d.Start()
	d.AwaitRunning(name)
	return d, leftoverPids(d, name)
}

// countAlive counts the processes that have not ended.
func countAlive(pids []int) (n int) {
	for _, pid := range pids {
		if e2e.Alive(pid) {
			n++
		}
	}
	return n
}

// TestStopScopes checks which processes a stop ends, depending on stop_scope and leftovers.
func TestStopScopes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options string
		left    int
	}{
		"group":  {"stop_scope=group\nleftovers=ignore\nstopwaitsecs=1\n", 1},
		"tree":   {"stop_scope=tree\nstop_sequence=QUIT 0.2s, TERM 0.2s, KILL\n", 0},
		"cgroup": {"stop_scope=cgroup\nstopwaitsecs=1\n", 0},
		"killed": {"leftovers=kill\n", 0},
		"plain":  {"", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, pids := startWithLeftovers(t, name, tt.options)
			d.ExpectCtl("stop "+name, name+": stopped\n")
			if got := countAlive(pids); got != tt.left {
				t.Errorf("%d processes are left, want %d", got, tt.left)
			}
			if strings.Contains(d.Log(), "left behind by") {
				t.Errorf("the log is\n%s", d.Log())
			}
		})
	}
}

// TestLeftoversAreReported by supervisorctl and in the log, with leftovers=report.
func TestLeftoversAreReported(t *testing.T) {
	t.Parallel()
	d, pids := startWithLeftovers(t, "p", "leftovers=report\n")
	if out := d.Ctl("stop", "p"); !strings.HasPrefix(out, "p: stopped\np: left behind pid ") || strings.Count(out, "p.left") != 2 {
		t.Errorf("stop: %q", out)
	}
	if got := countAlive(pids); got != 2 {
		t.Errorf("%d processes are left", got)
	}
	if d.CountLogged("left behind by") != 1 || d.CountLogged("left behind by p: pid ") != 1 {
		t.Errorf("the log is\n%s", d.Log())
	}
}

// TestKillEndsTree at once, whatever stopwaitsecs says.
func TestKillEndsTree(t *testing.T) {
	t.Parallel()
	d, pids := startWithLeftovers(t, "p", "stop_scope=tree\nstopwaitsecs=1000\n")
	d.ExpectCtl("kill p", "p: killed\n")
	if got := countAlive(pids); got != 0 {
		t.Errorf("%d processes are left", got)
	}
}

// TestStopContinuesAcrossDaemons crashes and upgrades the daemon while it waits for the
// processes that a child has left. The count of restarts survives, too.
func TestStopContinuesAcrossDaemons(t *testing.T) {
	t.Parallel()
	for _, scope := range []string{"tree", "cgroup"} {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			d.Configure(programWithLeftovers(d, "p") + "stop_scope=" + scope + "\nstop_sequence=TERM 1000s, KILL\n" +
				"[program:loop]\ncommand=sh -c 'exit 3'\nstartsecs=0\nrestart_delay=0.1s\nrestart_limit=3/1h\n")
			d.Start()
			d.AwaitRunning("p")
			pids := leftoverPids(d, "p")
			_, stopEnded := d.StartCtl("stop", "p")
			d.AwaitLog("waiting for the rest of its")
			d.AwaitStatus("loop", "given up: 3 restarts within 1h")
			d.Crash()
			<-stopEnded
			d.Start()
			check := func(what string) {
				t.Helper()
				d.AwaitStatus("p", "STOPPING")
				if countAlive(pids) != 2 {
					t.Errorf("after %s a process was killed too early", what)
				}
			}
			check("a crash")
			d.Upgrade()
			check("an upgrade")
			d.ExpectCtl("stop --now p", "p: stopped\n")
			if got := countAlive(pids); got != 0 {
				t.Errorf("%d processes are left", got)
			}
			d.Ctl("start", "loop")
			d.AwaitStatus("loop", "FATAL")
			if n := strings.Count(d.Log(), "spawned: 'loop'"); n != 5 {
				t.Errorf("loop was spawned %d times", n)
			}
			d.ExpectCtl("reset loop", "loop: reset\n")
			d.Ctl("shutdown")
		})
	}
}
