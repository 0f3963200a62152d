package upgrade

import (
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/api/xmlrpc"
	"supervisor/supervisord/tools/testkit/e2e"
)

// interruptUpgrade starts an upgrade that waits for a request, and sends the daemon a
// signal meanwhile. ready waits until the programs of more have set their traps.
func interruptUpgrade(d *e2e.Daemon, sig syscall.Signal, more string, ready func()) {
	d.T.Helper()
	d.Configure(more + `[program:slow]
command=sleep 1000
startsecs=600
autostart=false
[program:quiet]
command=sleep 1000
`)
	d.Start()
	d.AwaitRunning("quiet")
	ready()
	c, err := xmlrpc.NewClient("unix://"+d.Path("s.sock"), "", "")
	if err != nil {
		d.T.Fatal(err)
	}
	answered := make(chan struct{}) // closed when the daemon or the test ends
	go func() {
		defer close(answered)
		_ = c.Call(d.T.Context(), "supervisor.startProcess", nil, "slow")
	}()
	d.T.Cleanup(func() {
		<-answered
		c.Close()
	})
	d.AwaitStatus("slow", "STARTING")
	other, err := xmlrpc.NewClient("unix://"+d.Path("s.sock"), "", "")
	if err != nil {
		d.T.Fatal(err)
	}
	d.T.Cleanup(func() { other.Close() })
	if err := other.Call(d.T.Context(), "supervisor.upgrade", nil, ""); err != nil {
		d.T.Fatal(err)
	}
	d.Signal(sig)
}

// TestShutdownCancelsUpgrade checks that nothing is left after the shutdown.
func TestShutdownCancelsUpgrade(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	interruptUpgrade(d, syscall.SIGTERM, "", func() {})
	d.ExpectExit()
	d.ExpectNoProcesses()
	for _, name := range []string{"s.sock", "supervisord.pid", "supervisord.pid.state"} {
		if d.Exists(name) {
			t.Errorf("%s is left", name)
		}
	}
}

// TestReloadCancelsUpgrade checks that the daemon serves its socket again.
func TestReloadCancelsUpgrade(t *testing.T) {
	t.Parallel()
	d := e2e.NewDaemon(t)
	interruptUpgrade(d, syscall.SIGHUP, "", func() {})
	d.Await("the daemon has started again", func() bool { return d.CountLogged("supervisord started with pid") == 2 })
	d.AwaitRunning("quiet")
	d.ExpectCtl("shutdown", "Shut down\n")
	d.ExpectExit()
	if d.Exists("s.sock") {
		t.Error("the socket is left")
	}
}

// TestClientsServedWhenUpgradeCancelled checks that clients are answered during a long
// shutdown or reload that has cancelled an upgrade.
func TestClientsServedWhenUpgradeCancelled(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			d := e2e.NewDaemon(t)
			script := d.Write("stubborn", `trap 'while [ ! -e "$0.go" ]; do sleep 0.1; done; exit 0' TERM
echo yes > "$0.ready"
while :; do sleep 0.1; done
`)
			interruptUpgrade(d, sig, "[program:stubborn]\ncommand=sh "+script+"\nstopwaitsecs=3600\n", func() { d.AwaitText("stubborn.ready", "yes") })
			d.Await("the answer of Supervisor", func() bool { return strings.Contains(d.Ctl("status"), "SHUTDOWN_STATE") })
			if log := d.Log(); !strings.Contains(log, "WARN not upgraded: supervisord is about to end") {
				t.Errorf("the log is\n%s", log)
			}
			d.Write("stubborn.go", "")
			if sig == syscall.SIGHUP {
				d.Await("the daemon has started again", func() bool { return d.CountLogged("supervisord started with pid") == 2 })
				d.AwaitStatus("stubborn", "RUNNING")
				d.Ctl("shutdown")
			}
			d.ExpectExit()
		})
	}
}
