package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Need skips the test unless all these programs are installed.
func Need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("SKIPPED: %s is not installed", p)
		}
	}
}

// NeedRoot skips the test, with the reason, unless it runs as root.
func NeedRoot(t *testing.T, reason string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skipf("SKIPPED: only root can %s", reason)
	}
}

// NeedNamespaces skips the test unless unshare works with these options.
func NeedNamespaces(t *testing.T, options ...string) {
	t.Helper()
	Need(t, "unshare")
	if out, err := exec.Command("unshare", append(options, "true")...).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: unshare %v: %v %s", options, err, out)
	}
}

// UnknownUID is a user that no file knows.
const UnknownUID = 54321

// PrepareForUser gives the directory to a user, with a copy of the daemon that the
// user can execute. It returns the command that runs another one as that user.
func (d *Daemon) PrepareForUser(uid int) []string {
	d.T.Helper()
	Need(d.T, "setpriv")
	NeedRoot(d.T, "become another user")
	self, err := os.Executable()
	if err != nil {
		d.T.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		d.T.Fatal(err)
	}
	if err := os.WriteFile(d.Path("supervisord"), data, 0o755); err != nil {
		d.T.Fatal(err)
	}
	if err := os.Chown(d.Dir, uid, uid); err != nil {
		d.T.Fatal(err)
	}
	id := fmt.Sprint(uid)
	return []string{"setpriv", "--reuid", id, "--regid", id, "--clear-groups"}
}

// StartAs starts the copy of the daemon that PrepareForUser made.
func (d *Daemon) StartAs(wrapper ...string) {
	d.T.Helper()
	argv := append(wrapper, d.Path("supervisord"), "-s", "-c", d.Path("supervisord.conf"))
	d.Launch(exec.Command(argv[0], argv[1:]...))
}
