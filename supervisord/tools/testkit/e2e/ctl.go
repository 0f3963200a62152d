package e2e

import (
	"bytes"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"supervisor/supervisord"
	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit"
)

// Timeout is how long a test waits for another process.
const Timeout = testkit.Timeout

// Poll waits until ok holds and reports whether it did within Timeout. It looks
// less and less often, to leave the processors to what it waits for.
func Poll(ok func() bool) bool {
	pause := 5 * time.Millisecond
	for limit := time.Now().Add(Timeout); time.Now().Before(limit); time.Sleep(pause) {
		if ok() {
			return true
		}
		pause = min(pause+pause/8, 100*time.Millisecond)
	}
	return false
}

// Await waits until ok holds. The test fails at once if it does not within Timeout.
func (d *Daemon) Await(what string, ok func() bool) {
	d.T.Helper()
	if !Poll(ok) {
		d.T.Fatalf("timed out waiting: %s\n%s", what, d.Ctl("status"))
	}
}

// Client is a connection to the unix socket of the daemon.
func (d *Daemon) Client() *xmlrpc.Client {
	d.T.Helper()
	c, err := xmlrpc.NewClient("unix://"+d.Path("s.sock"), "", "")
	if err != nil {
		d.T.Fatal(err)
	}
	d.T.Cleanup(func() { c.Close() })
	return c
}

// AwaitAPI waits until the daemon answers supervisorctl.
func (d *Daemon) AwaitAPI() {
	d.T.Helper()
	d.Await("the daemon answers", func() bool { return d.Ctl("version") == supervisord.Version+"\n" })
}

// Ctl runs supervisorctl and returns what it printed, on both outputs.
func (d *Daemon) Ctl(args ...string) string {
	d.T.Helper()
	out, _ := d.ctlCommand(args...).CombinedOutput()
	return string(out)
}

func (d *Daemon) ctlCommand(args ...string) *exec.Cmd {
	return exec.Command("supervisorctl", append([]string{"-c", d.Path("supervisord.conf")}, args...)...)
}

// StartCtl runs supervisorctl in the background. When it has ended, the channel
// has what it printed.
func (d *Daemon) StartCtl(args ...string) (*exec.Cmd, <-chan string) {
	d.T.Helper()
	cmd := d.ctlCommand(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		d.T.Fatal(err)
	}
	ended := make(chan string, 1)
	go func() {
		_ = cmd.Wait()
		ended <- out.String()
	}()
	return cmd, ended
}

// ExpectCtl fails the test unless supervisorctl with these arguments, separated by
// spaces, prints exactly this.
func (d *Daemon) ExpectCtl(args, want string) {
	d.T.Helper()
	if got := d.Ctl(strings.Fields(args)...); got != want {
		d.T.Errorf("supervisorctl %s: got %q, want %q", args, got, want)
	}
}

// Upgrade replaces the daemon in place.
func (d *Daemon) Upgrade() {
	d.T.Helper()
	if out := d.Ctl("upgrade"); !strings.HasPrefix(out, "Upgraded supervisord") {
		d.T.Fatalf("upgrade: %s", out)
	}
}

// Status is the line of one process, its words separated by single spaces.
func (d *Daemon) Status(name string) string {
	return strings.Join(strings.Fields(d.Ctl("status", name)), " ")
}

// AwaitStatus waits until the line of a process contains a text.
func (d *Daemon) AwaitStatus(name, text string) {
	d.T.Helper()
	d.Await(name+" is "+text, func() bool { return strings.Contains(d.Status(name), text) })
}

// AwaitRunning waits until processes are RUNNING.
func (d *Daemon) AwaitRunning(names ...string) {
	d.T.Helper()
	for _, name := range names {
		d.AwaitStatus(name, "RUNNING")
	}
}

// ProgramPID is the pid of a process, 0 if it has none.
func (d *Daemon) ProgramPID(name string) int {
	pid, _ := strconv.Atoi(strings.TrimSpace(d.Ctl("pid", name)))
	return pid
}

// ProgramPIDs are the pids of several processes.
func (d *Daemon) ProgramPIDs(names ...string) (pids []int) {
	for _, name := range names {
		pids = append(pids, d.ProgramPID(name))
	}
	return pids
}

// ExpectPID fails the test unless a process has this pid.
func (d *Daemon) ExpectPID(name string, want int) {
	d.T.Helper()
	if got := d.ProgramPID(name); got != want {
		d.T.Errorf("%s had pid %d and has %d", name, want, got)
	}
}

// ExpectPIDs fails the test unless these processes have these pids.
func (d *Daemon) ExpectPIDs(names []string, want []int) {
	d.T.Helper()
	if got := d.ProgramPIDs(names...); !slices.Equal(got, want) {
		d.T.Errorf("%v had pids %v and have %v", names, want, got)
	}
}

// AwaitOtherPID waits until a process runs again with another pid, and returns it.
func (d *Daemon) AwaitOtherPID(name string, old int) (pid int) {
	d.T.Helper()
	d.Await(name+" has another pid", func() bool {
		pid = d.ProgramPID(name)
		return pid != 0 && pid != old
	})
	return pid
}
