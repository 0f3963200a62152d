package security

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// useAtProcessLimit makes the daemon do everything that could need another thread, while
// other processes use up the limit. take counts a process towards the limit.
func useAtProcessLimit(d *e2e.Daemon, attr *syscall.SysProcAttr, take func(pid int)) {
	d.T.Helper()
	d.AwaitRunning("noisy")
	var others []*exec.Cmd
	end := func() {
		for _, cmd := range others {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		others = nil
	}
	defer end()
	for range 60 {
		cmd := exec.Command("sleep", "600")
		cmd.SysProcAttr = attr
		if err := cmd.Start(); err != nil {
			d.T.Fatal(err)
		}
		others = append(others, cmd)
		take(cmd.Process.Pid)
	}
	for range 3 {
		var clients sync.WaitGroup
		for range 30 {
			clients.Go(func() { unixBrowser(d).request("GET", "/") })
		}
		if out := d.Ctl("start", "p:*"); strings.Count(out, "spawn error") != 10 {
			d.T.Fatalf("start: %s", out)
		}
		clients.Wait()
		d.Ctl("tail", "noisy")
		d.Ctl("clear", "all")
	}
	if log := d.Log(); !strings.Contains(log, "spawnerr: Too many processes in process table to spawn 'p") {
		d.T.Error("the reason is missing in the log")
	}
	if n := e2e.CountThreads(d.T, d.PID()); n > e2e.MaxThreads {
		d.T.Errorf("%d threads", n)
	}
	end()
	if out := d.Ctl("start", "p:*"); strings.Count(out, ": started") != 10 {
		d.T.Errorf("start below the limit: %s", out)
	}
	d.AwaitRunning("noisy")
}

// configureMany configures a program that writes all the time, and ten that are not started.
func configureMany(d *e2e.Daemon) {
	d.Configure(fmt.Sprintf(`[program:noisy]
command=sh -c 'while :; do echo noise; done'
stdout_logfile=%s/noisy.log
stdout_logfile_maxbytes=100KB
[program:p]
command=sleep 600
process_name=p%%(process_num)d
numprocs=10
autostart=false
startsecs=0
startretries=0
`, d.Dir))
	d.AddOptions("minprocs=1")
}

// TestNoProcessesLeft uses up the process limit of the user. A thread that Go's runtime
// can't create would end the daemon, so it creates all at its start.
func TestNoProcessesLeft(t *testing.T) {
	e2e.Need(t, "prlimit")
	d := e2e.NewDaemon(t)
	configureMany(d)
	d.StartAs(append(d.PrepareForUser(e2e.UnknownUID), "prlimit", "--nproc=50:50")...)
	useAtProcessLimit(d, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: e2e.UnknownUID, Gid: e2e.UnknownUID}}, func(int) {})
}

// TestNoProcessesLeftInContainer does the same with pids.max, which is a limit for root, too.
func TestNoProcessesLeftInContainer(t *testing.T) {
	var group string
	for _, dir := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup"} {
		g := filepath.Join(dir, fmt.Sprintf("supervisord-test-%d", os.Getpid()))
		if os.Mkdir(g, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(g) })
		if os.WriteFile(filepath.Join(g, "pids.max"), []byte("50"), 0) == nil {
			group = g
			break
		}
	}
	if group == "" {
		t.Skip("SKIPPED: no cgroup with pids.max can be made here")
	}
	d := e2e.NewDaemon(t)
	configureMany(d)
	d.StartUnder("sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, group)
	useAtProcessLimit(d, nil, func(pid int) {
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, pid), 0); err != nil {
			t.Error(err)
		}
	})
	d.Signal(syscall.SIGTERM)
	d.ExpectExit()
}
