package accounts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// newTestDatabase returns a database whose getent is a script. By default that knows one user,
// who is in no file, and two groups.
func newTestDatabase(t *testing.T, script string) Database {
	t.Helper()
	dir := t.TempDir()
	if script == "" {
		script = `case "$1 $2" in
"passwd ldap.user"|"passwd 54321") echo 'ldap.user:*:54321:54322:A, User:/home/ldap:/bin/zsh';;
"passwd same") echo 'other:*:1:1:::';;
"group staff of ldap"|"group 54323") echo 'staff of ldap:*:54323:ldap.user';;
"group ldap.user"|"group 54322") echo 'ldap.user:*:54322:';;
"initgroups ldap.user") echo 'ldap.user             54323 54322 54324';;
"initgroups root") echo 'root             54323';;
"passwd short") echo short:x;;
"passwd letters") echo letters:x:a:b:::;;
"group short") echo short;;
*) exit 2;;
esac`
	}
	for name, text := range map[string]string{"getent": "#!/bin/sh\n" + script + "\n", "switch": "passwd: files ldap # x\ngroup: files [NOTFOUND=return] ldap\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return Database{Dirs: []string{dir + "/none", dir}, Timeout: time.Hour, NSSwitchPath: dir + "/switch"}
}

// getent is asked for users that are in no file. An answer about another user is ignored.
func TestGetentLookup(t *testing.T) {
	d := newTestDatabase(t, "")
	want := User{Name: "ldap.user", UID: 54321, GID: 54322, Home: "/home/ldap", Shell: "/bin/zsh"}
	if u, err := d.User("ldap.user"); u != want || err != nil {
		t.Error(u, err)
	}
	if u, err := d.UserID(54321); u != want || err != nil {
		t.Error(u, err)
	}
	if gid, err := d.Group("staff of ldap"); gid != 54323 || err != nil {
		t.Error(gid, err)
	}
	if !d.HasGroup(54323) || d.HasGroup(54999) {
		t.Error("groups by number")
	}
	for _, name := range []string{"nobody.knows", "same", "short", "letters", "", "-s", "a:b", "a\nb"} {
		if u, err := d.User(name); err == nil {
			t.Errorf("%q: %v", name, u)
		}
	}
	for _, name := range []string{"nobody.knows", "short", "-s", ""} {
		if gid, err := d.Group(name); err == nil {
			t.Errorf("%q: %v", name, gid)
		}
	}
	if root, err := d.User("root"); root.UID != 0 || err != nil {
		t.Error(root, err)
	}
}

func TestSupplementaryGroups(t *testing.T) {
	d := newTestDatabase(t, "")
	if gids, err := d.Groups(User{Name: "ldap.user", UID: 54321, GID: 54322}); !slices.Equal(gids, []int{54322, 54323, 54324}) {
		t.Error(gids, err)
	}
	root := User{Name: "root"}
	gids, err := d.Groups(root)
	if err != nil || gids[0] != 0 || !slices.Contains(gids, 54323) {
		t.Error(gids, err)
	}
	for _, text := range []string{"group: files systemd\n", "group: compat\n", "passwd: files ldap\n#group: ldap\n", ""} {
		if err := os.WriteFile(d.NSSwitchPath, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if gids, err := d.Groups(root); err != nil || slices.Contains(gids, 54323) {
			t.Errorf("with %q: %v, %v", text, gids, err)
		}
	}
}

// A lookup ends after the timeout and leaves no process.
func TestGetentTimeout(t *testing.T) {
	d := newTestDatabase(t, `echo $$ > "${0%getent}pid"; sleep 100000; echo 'x:*:1:1:::'`)
	d.Timeout = time.Second
	if u, err := d.User("x"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(u, err)
	}
	if len(getentChildren.reaped) != 0 {
		t.Error("a process is still running")
	}
	d.Dirs = []string{t.TempDir()}
	if _, err := d.User("x"); !errors.Is(err, ErrUnknown) {
		t.Error("without getent:", err)
	}
}

// Lookups work beside a reaper of all children, and Reap marks the package's own children.
func TestLookupBesideReaper(t *testing.T) {
	d := newTestDatabase(t, "")
	stop := make(chan struct{})
	var reaper sync.WaitGroup
	reaper.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			pid, own, err := Reap(func() (int, error) { return syscall.Wait4(-1, nil, syscall.WNOHANG, nil) })
			if err == nil && pid > 0 && !own {
				t.Errorf("%d is not marked as own", pid)
			}
		}
	})
	for i := range 100 {
		if u, err := d.User("ldap.user"); err != nil || u.UID != 54321 {
			t.Error(fmt.Sprint(i), u, err)
		}
	}
	close(stop)
	reaper.Wait()
}
