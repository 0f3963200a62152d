package launch

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	"supervisor/supervisord/system/accounts"
)

// login is what user_env says about a user.
type login struct{ name, home, shell string }

const (
	// passwdFile is read because os/user does not return the shell of a user.
	passwdFile   = "/etc/passwd"
	defaultShell = "/bin/sh" // as for an empty field of passwdFile
)

// findLogin looks a user up. Users that are not in passwdFile, as those of LDAP, come
// from the system.
func findLogin(uid int) (login, error) {
	if text, err := os.ReadFile(passwdFile); err == nil {
		if l, ok := parseLogin(string(text), uid); ok {
			return l, nil
		}
	}
	u, err := accounts.System().UserID(uid)
	if err != nil {
		return login{}, fmt.Errorf("can't find uid %d", uid)
	}
	return login{u.Name, cmp.Or(u.Home, "/"), cmp.Or(u.Shell, defaultShell)}, nil
}

// parseLogin finds the first line of a user in the text of a passwd file.
func parseLogin(text string, uid int) (login, bool) {
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimRight(line, "\r\n"), ":")
		if len(fields) < 7 || fields[2] != strconv.Itoa(uid) || fields[0] == "" || fields[0][0] == '#' {
			continue
		}
		return login{fields[0], cmp.Or(fields[5], "/"), cmp.Or(fields[6], defaultShell)}, true
	}
	return login{}, false
}
