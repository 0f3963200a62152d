package sourcetest

import (
	"path/filepath"

	"supervisor/supervisord/config/source"
)

// Host returns a machine on which little exists, so that results do not depend
// on the one that runs the tests. Its working directory is here.
func Host(here string) source.Host {
	users := map[string]int{"root": 0, "nobody": 65534, "web": 1000}
	groups := map[string]int{"root": 0, "nogroup": 65534, "www": 33}
	h := source.Host{
		Environ: []string{"HOME=/home/me", "WORD=two words", "PERCENT=50%", "PATH=/bin", "WORD=shadowed", "odd"},
		Name:    "host.example", Cwd: here, TempDir: "/tmp",
		IsDir: func(p string) bool {
			switch filepath.Clean(p) {
			case "/", "/tmp", "/var/log", "/home/me", "/home/web", here, here + "/sub":
				return true
			}
			return false
		},
		User: func(name string) (source.Account, bool) {
			uid, ok := users[name]
			return source.Account{UID: uid, GID: uid, Home: "/home/" + name}, ok
		},
		Group: func(name string) (int, bool) { gid, ok := groups[name]; return gid, ok },
	}
	h.UserID = func(uid int) (source.Account, bool) {
		for name, id := range users {
			if id == uid {
				return h.User(name)
			}
		}
		return source.Account{}, false
	}
	h.GroupID = func(gid int) bool {
		for _, id := range groups {
			if id == gid {
				return true
			}
		}
		return false
	}
	return h
}
