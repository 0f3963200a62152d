package supervisord_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/api/xmlrpc"
)

// TestUpgradeUsesCheckedConfig: what becomes of the files while an upgrade
// waits for a call is for a later reread.
func TestUpgradeUsesCheckedConfig(t *testing.T) {
	t.Parallel()
	const slow = "[program:slow]\ncommand=sleep 1000\nstartsecs=600\nautostart=false\nautorestart=false\nstartretries=0\n"
	const quiet = "[program:quiet]\ncommand=sleep 1000\n"
	for name, change := range map[string]func(s *testDaemon){
		"broken":    func(s *testDaemon) { s.configure(slow + quiet + "numprocs=x\n") },
		"cut short": func(s *testDaemon) { s.write("supervisord.conf", "[superv") },
		"gone":      func(s *testDaemon) { os.Remove(s.path("supervisord.conf")) },
		"changed":   func(s *testDaemon) { s.configure(slow + "[program:another]\ncommand=sleep 1000\n") },
		"other server": func(s *testDaemon) {
			s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "s.sock", "t/s.sock", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestDaemon(t)
			s.configure(slow + quiet)
			s.start()
			s.awaitRunning("quiet")
			pid := s.pid("quiet")
			client, err := xmlrpc.NewClient("unix://"+s.path("s.sock"), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			answered := make(chan error, 1)
			go func() { answered <- client.Call(t.Context(), "supervisor.startProcess", nil, "slow") }()
			s.await("the start", func() bool { return strings.Contains(s.ctl("status", "slow"), "STARTING") })
			slowPid := s.pid("slow")
			good := s.read("supervisord.conf")
			other, err := xmlrpc.NewClient("unix://"+s.path("s.sock"), "", "")
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
			s.await("the upgrade", func() bool { return strings.Contains(s.read("supervisord.log"), "supervisord goes on after upgrade 1") })
			changed := s.read("supervisord.conf")
			s.write("supervisord.conf", good) // by which supervisorctl finds the server
			if got := s.pid("quiet"); got != pid {
				t.Errorf("pid %d, had %d", got, pid)
			}
			if out := s.ctl("reread"); out != "No config updates to processes\n" {
				t.Errorf("reread of the old files: %s", out)
			}
			if name == "changed" {
				s.write("supervisord.conf", changed)
				if out := s.ctl("reread"); !strings.Contains(out, "another: available") || !strings.Contains(out, "quiet: disappeared") {
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
	s := newTestDaemon(t)
	script := s.write("stubborn", `trap 'while [ ! -e "$0.go" ]; do sleep 0.1; done; exit 0' TERM
echo yes > "$0.ready"
while :; do sleep 0.1; done
`)
	stubborn := "[program:stubborn]\ncommand=sh " + script + "\nstopwaitsecs=3600\n"
	s.configure(stubborn)
	s.start()
	s.await("it to be deaf", func() bool { return s.read("stubborn.ready") != "" })
	s.configure(stubborn + "[program:new]\ncommand=sleep 1000\n")
	good := s.read("supervisord.conf")
	if out := s.ctl("reload"); out != "Restarted supervisord\n" {
		t.Fatal(out)
	}
	s.configure(stubborn + "numprocs=x\n")
	s.write("stubborn.go", "")
	s.await("the next life", func() bool { return strings.Count(s.read("supervisord.log"), "supervisord started with pid") == 2 })
	s.write("supervisord.conf", good)
	s.awaitRunning("new")
}

// TestUpgradeFromAnotherDirectory: the daemon has left the directory from which its
// configuration is named.
func TestUpgradeFromAnotherDirectory(t *testing.T) {
	t.Parallel()
	s := newTestDaemon(t)
	s.configure("[program:quiet]\ncommand=sleep 1000\n")
	s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "[supervisord]\n", "[supervisord]\ndirectory=/\n", 1))
	s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "nodaemon=true\n", "", 1))
	front := exec.Command("supervisord", "-c", "supervisord.conf")
	front.Dir = s.dir
	if out, err := front.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { s.ctl("shutdown") })
	s.awaitRunning("quiet")
	pid := s.pid("quiet")
	for range 2 {
		if out := s.ctl("upgrade"); !strings.HasPrefix(out, "Upgraded supervisord") {
			t.Error(out)
		}
	}
	if got := s.pid("quiet"); got != pid {
		t.Errorf("pid %d, had %d", got, pid)
	}
	if out := s.ctl("reread"); out != "No config updates to processes\n" {
		t.Error(out)
	}
}
