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

// TestUpgradeUsesCheckedConfig: what becomes of the files while an upgrade
// waits for a call is for a later reread.
func TestUpgradeUsesCheckedConfig(t *testing.T) {
	t.Parallel()
	const slow = "[program:slow]\ncommand=sleep 1000\nstartsecs=600\nautostart=false\nautorestart=false\nstartretries=0\n"
	const quiet = "[program:quiet]\ncommand=sleep 1000\n"
	for name, change := range map[string]func(s *e2e.Daemon){
		"broken":    func(s *e2e.Daemon) { s.Configure(slow + quiet + "numprocs=x\n") },
		"cut short": func(s *e2e.Daemon) { s.Write("supervisord.conf", "[superv") },
		"gone":      func(s *e2e.Daemon) { os.Remove(s.Path("supervisord.conf")) },
		"changed":   func(s *e2e.Daemon) { s.Configure(slow + "[program:another]\ncommand=sleep 1000\n") },
		"other server": func(s *e2e.Daemon) {
			s.EditConfig("s.sock", "t/s.sock")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := e2e.NewDaemon(t)
			s.Configure(slow + quiet)
			s.Start()
			s.AwaitRunning("quiet")
			pid := s.ProgramPID("quiet")
			client, err := xmlrpc.NewClient("unix://"+s.Path("s.sock"), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			answered := make(chan error, 1)
			go func() { answered <- client.Call(t.Context(), "supervisor.startProcess", nil, "slow") }()
			s.AwaitStatus("slow", "STARTING")
			slowPid := s.ProgramPID("slow")
			good := s.Read("supervisord.conf")
			other, err := xmlrpc.NewClient("unix://"+s.Path("s.sock"), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			if err := other.Call(t.Context(), "supervisor.upgrade", nil, ""); err != nil {
				t.Fatal(err)
			}
			change(s)
			if err := syscall.Kill(slowPid, syscall.SIGKILL); err != nil { // which ends the call
				t.Fatal(err)
			}
			if err := <-answered; err == nil || !strings.Contains(err.Error(), "slow") {
				t.Errorf("the call was answered %v", err)
			}
			s.AwaitLog("supervisord goes on after upgrade 1")
			changed := s.Read("supervisord.conf")
			s.Write("supervisord.conf", good) // by which supervisorctl finds the server
			s.ExpectPID("quiet", pid)
			s.ExpectCtl("reread", "No config updates to processes\n")
			if name == "changed" {
				s.Write("supervisord.conf", changed)
				if out := s.Ctl("reread"); !strings.Contains(out, "another: available") || !strings.Contains(out, "quiet: disappeared") {
					t.Errorf("reread of the new files: %s", out)
				}
			}
		})
	}
}

// TestReloadUsesCheckedConfig: so it does not end everything when the files
// are broken while programs are being stopped.
func TestReloadUsesCheckedConfig(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	script := s.Write("stubborn", `trap 'while [ ! -e "$0.go" ]; do sleep 0.1; done; exit 0' TERM
echo yes > "$0.ready"
while :; do sleep 0.1; done
`)
	stubborn := "[program:stubborn]\ncommand=sh " + script + "\nstopwaitsecs=3600\n"
	s.Configure(stubborn)
	s.Start()
	s.Await("it to be deaf", func() bool { return s.Read("stubborn.ready") != "" })
	s.Configure(stubborn + "[program:new]\ncommand=sleep 1000\n")
	good := s.Read("supervisord.conf")
	s.ExpectCtl("reload", "Restarted supervisord\n")
	s.Configure(stubborn + "numprocs=x\n")
	s.Write("stubborn.go", "")
	s.Await("the next life", func() bool { return s.CountLogged("supervisord started with pid") == 2 })
	s.Write("supervisord.conf", good)
	s.AwaitRunning("new")
}

// TestUpgradeFromAnotherDirectory: the daemon has left the directory from which its
// configuration is named.
func TestUpgradeFromAnotherDirectory(t *testing.T) {
	t.Parallel()
	s := e2e.NewDaemon(t)
	s.Configure("[program:quiet]\ncommand=sleep 1000\n")
	s.EditConfig("[supervisord]\n", "[supervisord]\ndirectory=/\n")
	s.EditConfig("nodaemon=true\n", "")
	front := exec.Command("supervisord", "-c", "supervisord.conf")
	front.Dir = s.Dir
	if out, err := front.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { s.Ctl("shutdown") })
	s.AwaitRunning("quiet")
	pid := s.ProgramPID("quiet")
	for range 2 {
		s.Upgrade()
	}
	s.ExpectPID("quiet", pid)
	s.ExpectCtl("reread", "No config updates to processes\n")
}
