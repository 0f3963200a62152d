package supervisord_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestUsersThatNoFileKnows: users and groups of LDAP and the like, for whom getent
// answers, can be named wherever a user or a group can, and programs get all their
// groups. Nobody hears of the processes that ask.
func TestUsersThatNoFileKnows(t *testing.T) {
	t.Parallel()
	needNamespaces(t, "--mount")
	need(t, "getent")
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can become somebody else")
	}
	s := newSite(t)
	s.write("nsswitch.conf", "passwd: files ldap\ngroup: files ldap\n")
	s.script("getent", `case "$1 $2" in
"passwd ldapuser"|"passwd 54321") echo 'ldapuser:*:54321:54322::/home/ldap:/bin/zsh';;
"group ldapgroup"|"group 54323") echo 'ldapgroup:*:54323:';;
"initgroups ldapuser") echo 'ldapuser   54322 54323 54324';;
*) exit 2;;
esac`)
	s.configure(`[program:p]
command=sh -c "echo id=$(id -u):$(id -g):$(id -G); echo home=$HOME shell=$SHELL; exec sleep 1000"
user=ldapuser
user_env=true
stdout_logfile=` + s.path("p.log") + `
[program:by-number]
command=sleep 1000
user=54321
[fcgi-program:page]
command=sleep 1000
socket=unix://` + s.path("page.sock") + `
socket_owner=ldapuser:ldapgroup
`)
	s.write("supervisord.conf", strings.Replace(s.read("supervisord.conf"), "[unix_http_server]\n", "[unix_http_server]\nchown=ldapuser:ldapgroup\n", 1))
	s.startUnder("unshare", "--mount", "sh", "-ec",
		`mount --bind "$0/getent" "$(command -v getent)"; mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf; exec "$@"`, s.dir)
	s.awaitRunning("p", "by-number", "page")
	s.await("what it says", func() bool { return strings.Contains(s.read("p.log"), "shell=") })
	if got, want := s.read("p.log"), "id=54321:54322:54322 54323 54324\nhome=/home/ldap shell=/bin/zsh\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"s.sock", "page.sock"} {
		uid, gid := ownerOf(t, s.path(name))
		if got := fmt.Sprint(uid, gid); got != "54321 54323" {
			t.Errorf("%s belongs to %s", name, got)
		}
	}
	if log := s.read("supervisord.log"); strings.Contains(log, "reaped unknown") {
		t.Error(log)
	}
}

func ownerOf(t *testing.T, path string) (uid, gid uint32) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	return st.Uid, st.Gid
}
