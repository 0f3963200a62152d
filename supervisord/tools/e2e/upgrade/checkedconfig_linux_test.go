package upgrade

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit/e2e"
)

// TestUpgradeUsesCheckedConfig changes the configuration files while an upgrade waits for
// a call. The new daemon has the configuration that was checked before.
func TestUpgradeUsesCheckedConfig(t *testing.T) {
	t.Parallel()
	const slow = "[program:slow]\ncommand=sleep 1000\nstartsecs=600\nautostart=false\nautorestart=false\nstartretries=0\n"
	const quiet = "[program:quiet]\ncommand=sleep 1000\n"
	for name, change := range map[string]func(d *e2e.Daemon){
		"broken":    func(d *e2e.Daemon) { d.Configure(slow + quiet + "numprocs=x\n") },
		"cut short": func(d *e2e.Daemon) { d.Write("supervisord.conf", "[superv") },
		"gone":      func(d *e2e.Daemon) { os.Remove(d.Path("supervisord.conf")) },
		"changed":   func(d *e2e.Daemon) { d.Configure(slow + "[program:another]\ncommand=sleep 1000\n") },
		"other server": func(d *e2e.Daemon) {
			d.EditConfig("s.sock", "t/s.sock")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := e2e.StartDaemon(t, slow+quiet, "quiet")
			pid := d.ProgramPID("quiet")
			client, err := xmlrpc.NewClient("unix://"+d.Path("s.sock"), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			answered := make(chan error, 1)
			go func() { answered <- client.Call(t.Context(), "supervisor.startProcess", nil, "slow") }()
			d.AwaitStatus("slow", "STARTING")
			slowPid := d.ProgramPID("slow")
			good := d.Read("supervisord.conf")
			other, err := xmlrpc.NewClient("unix://"+d.Path("s.sock"), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			if err := other.Call(t.Context(), "supervisor.upgrade", nil, ""); err != nil {
				t.Fatal(err)
			}
			change(d)
			if err := syscall.Kill(slowPid, syscall.SIGKILL); err != nil { // which ends the call
				t.Fatal(err)
			}
			if err := <-answered; err == nil || !strings.Contains(err.Error(), "slow") {
				t.Errorf("the call was answered %v", err)
			}
			d.AwaitLog("supervisord goes on after upgrade 1")
			changed := d.Read("supervisord.conf")
			d.Write("supervisord.conf", good) // supervisorctl finds the server by it
			d.ExpectPID("quiet", pid)
			d.ExpectCtl("reread", "No config updates to processes\n")
			if name == "changed" {
				d.Write("supervisord.conf", changed)
				if out := d.Ctl("reread"); !strings.Contains(out, "another: available") || !strings.Contains(out, "quiet: disappeared") {
					t.Errorf("reread of the new files: %s", out)
				}
			}
		})
	}
}

// TestReloadUsesCheckedConfig breaks the configuration files while a reload stops
// programs. The daemon starts again with the configuration that was checked before.
func TestReloadUsesCheckedConfig(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	script := d.Write("stubborn", `trap 'while [ ! -e "$0.go" ]; do sleep 0.1; done; exit 0' TERM
echo yes > "$0.ready"
while :; do sleep 0.1; done
`)
	stubborn := "[program:stubborn]\ncommand=sh " + script + "\nstopwaitsecs=3600\n"
	d.Configure(stubborn)
	d.Start()
	d.AwaitText("stubborn.ready", "yes")
	d.Configure(stubborn + "[program:new]\ncommand=sleep 1000\n")
	good := d.Read("supervisord.conf")
	d.ExpectCtl("reload", "Restarted supervisord\n")
	d.Configure(stubborn + "numprocs=x\n")
	d.Write("stubborn.go", "")
	d.Await("the daemon has started again", func() bool { return d.CountLogged("supervisord started with pid") == 2 })
	d.Write("supervisord.conf", good)
	d.AwaitRunning("new")
}

// TestUpgradeFromAnotherDirectory upgrades a daemon with a relative path of its
// configuration that has changed its directory.
func TestUpgradeFromAnotherDirectory(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	d.Configure("[program:quiet]\ncommand=sleep 1000\n")
	d.EditConfig("[supervisord]\n", "[supervisord]\ndirectory=/\n")
	d.EditConfig("nodaemon=true\n", "")
	cmd := exec.Command("supervisord", "-c", "supervisord.conf")
	cmd.Dir = d.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { d.Ctl("shutdown") })
	d.AwaitRunning("quiet")
	pid := d.ProgramPID("quiet")
	for range 2 {
		d.Upgrade()
	}
	d.ExpectPID("quiet", pid)
	d.ExpectCtl("reread", "No config updates to processes\n")
}
