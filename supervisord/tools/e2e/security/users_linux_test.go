package security

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"supervisor/supervisord/tools/testkit/e2e"
)

// TestUsersFromNSS uses users and groups that only getent knows, such as those of LDAP,
// wherever an option names a user or a group. Programs get all groups of their user.
// The getent processes are not logged.
func TestUsersFromNSS(t *testing.T) {
	t.Parallel()
	e2e.NeedNamespaces(t, "--mount")
	e2e.Need(t, "getent")
	e2e.NeedRoot(t, "become another user")
	d := e2e.NewDaemon(t)
	d.Write("nsswitch.conf", "passwd: files ldap\ngroup: files ldap\n")
	d.WriteScript("getent", `case "$1 $2" in
"passwd ldapuser"|"passwd 54321") echo 'ldapuser:*:54321:54322::/home/ldap:/bin/zsh';;
"group ldapgroup"|"group 54323") echo 'ldapgroup:*:54323:';;
"initgroups ldapuser") echo 'ldapuser   54322 54323 54324';;
*) exit 2;;
esac`)
	d.Configure(`[program:p]
command=sh -c "echo id=$(id -u):$(id -g):$(id -G); echo home=$HOME shell=$SHELL; exec sleep 1000"
user=ldapuser
user_env=true
stdout_logfile=` + d.Path("p.log") + `
[program:by-number]
command=sleep 1000
user=54321
[fcgi-program:page]
command=sleep 1000
socket=unix://` + d.Path("page.sock") + `
socket_owner=ldapuser:ldapgroup
`)
	d.EditConfig("[unix_http_server]\n", "[unix_http_server]\nchown=ldapuser:ldapgroup\n")
	d.StartUnder("unshare", "--mount", "sh", "-ec",
		`mount --bind "$0/getent" "$(command -v getent)"; mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf; exec "$@"`, d.Dir)
	d.AwaitRunning("p", "by-number", "page")
	d.AwaitText("p.log", "shell=")
	if got, want := d.Read("p.log"), "id=54321:54322:54322 54323 54324\nhome=/home/ldap shell=/bin/zsh\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"s.sock", "page.sock"} {
		uid, gid := ownerOf(t, d.Path(name))
		if got := fmt.Sprint(uid, gid); got != "54321 54323" {
			t.Errorf("%s belongs to %s", name, got)
		}
	}
	if log := d.Log(); strings.Contains(log, "reaped unknown") {
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

// TestUserFromExtrausers does the same with a source of the C library, which Debian's
// package libnss-extrausers installs.
func TestUserFromExtrausers(t *testing.T) {
	t.Parallel()
	e2e.NeedNamespaces(t, "--mount")
	found, _ := filepath.Glob("/lib/*/libnss_extrausers.so.2")
	if os.Getuid() != 0 || len(found) == 0 {
		t.Skip("SKIPPED: it needs root and the package libnss-extrausers")
	}
	d := e2e.NewDaemon(t)
	d.Mkdir("extrausers")
	d.Write("extrausers/passwd", "nssonly:x:60001:60002::/:/bin/sh\n")
	d.Write("extrausers/group", "nssgroup:x:60002:\nextra:x:60003:nssonly,nobody\n")
	d.Write("nsswitch.conf", "passwd: files extrausers\ngroup: files extrausers\n")
	d.Configure(fmt.Sprintf(`[program:theirs]
command=sh -c "id -u; id -G; exec sleep 1000"
user=nssonly
stdout_logfile=%[1]s/theirs.log
[program:local]
command=sh -c "id -G; exec sleep 1000"
user=nobody
stdout_logfile=%[1]s/local.log
`, d.Dir))
	d.StartUnder("unshare", "--mount", "sh", "-ec", `mkdir -p /var/lib/extrausers
mount --bind "$0/extrausers" /var/lib/extrausers; mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf; exec "$@"`, d.Dir)
	d.AwaitRunning("theirs", "local")
	for name, want := range map[string]string{"theirs.log": "60001\n60002 60003\n", "local.log": " 60003\n"} {
		d.Await("the output of the program", func() bool { return strings.HasSuffix(d.Read(name), want) })
	}
}
