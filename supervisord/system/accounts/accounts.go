package accounts

import (
	"errors"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"
)

// User is a user of the system.
type User struct {
	Name     string
	UID, GID int
	Home     string
	Shell    string // "" if unknown
}

// ErrUnknown is the error for a name or a number that no user or group has.
var ErrUnknown = errors.New("unknown")

// Database says how users and groups are looked up.
type Database struct {
	Dirs         []string      // in which getent is searched, in this order
	Timeout      time.Duration // of each query to getent
	NSSwitchPath string        // the path of nsswitch.conf
}

// System returns the database of this machine.
func System() Database {
	return Database{
		Dirs:         []string{"/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin"},
		Timeout:      5 * time.Second,
		NSSwitchPath: "/etc/nsswitch.conf",
	}
}

// User finds a user by name.
func (d Database) User(name string) (User, error) {
	if u, err := fromOSUser(user.Lookup(name)); err == nil {
		return u, nil
	}
	u, err := d.getentPasswd(name)
	if err == nil && !strings.EqualFold(u.Name, name) { // some directories ignore case
		return User{}, ErrUnknown
	}
	return u, err
}

// UserID finds a user by number.
func (d Database) UserID(uid int) (User, error) {
	text := strconv.Itoa(uid)
	if u, err := fromOSUser(user.LookupId(text)); err == nil {
		return u, nil
	}
	u, err := d.getentPasswd(text)
	if err == nil && u.UID != uid {
		return User{}, ErrUnknown
	}
	return u, err
}

// Group finds the number of a group by name.
func (d Database) Group(name string) (gid int, err error) {
	if g, err := user.LookupGroup(name); err == nil {
		return strconv.Atoi(g.Gid)
	}
	found, gid, err := d.getentGroup(name)
	if err == nil && !strings.EqualFold(found, name) {
		return 0, ErrUnknown
	}
	return gid, err
}

// HasGroup reports whether a group has that number.
func (d Database) HasGroup(gid int) bool {
	text := strconv.Itoa(gid)
	if _, err := user.LookupGroupId(text); err == nil {
		return true
	}
	_, found, err := d.getentGroup(text)
	return err == nil && found == gid
}

// Groups returns the numbers of a user's groups, the primary one first. If nsswitch.conf names
// sources other than files, getent is asked for more groups; without an answer only those in
// the files count.
func (d Database) Groups(u User) ([]int, error) {
	ids, err := (&user.User{Uid: strconv.Itoa(u.UID), Gid: strconv.Itoa(u.GID), Username: u.Name}).GroupIds()
	if err != nil {
		ids = nil
	}
	if d.hasOtherSources() {
		answer, askErr := d.getent("initgroups", u.Name)
		if fields := strings.Fields(answer); askErr == nil && len(fields) > 0 && fields[0] == u.Name {
			ids = append(ids, fields[1:]...)
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	gids := []int{u.GID}
	for _, id := range ids {
		gid, err := strconv.Atoi(id)
		if err != nil {
			return nil, errors.New("group " + strconv.Quote(id) + " of " + u.Name + " is no number")
		}
		if !slices.Contains(gids, gid) {
			gids = append(gids, gid)
		}
	}
	return gids, nil
}

// hasOtherSources reports whether nsswitch.conf names sources of groups besides the files that
// Go reads.
func (d Database) hasOtherSources() bool {
	text, err := os.ReadFile(d.NSSwitchPath)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		kind, sources, _ := strings.Cut(line, ":")
		if kind = strings.TrimSpace(kind); kind != "group" && kind != "initgroups" {
			continue
		}
		for _, source := range strings.Fields(sources) {
			if !slices.Contains([]string{"files", "compat", "systemd"}, source) && source[0] != '[' && source[len(source)-1] != ']' {
				return true
			}
		}
	}
	return false
}

func fromOSUser(u *user.User, err error) (User, error) {
	if err != nil {
		return User{}, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return User{}, err
	}
	gid, err := strconv.Atoi(u.Gid)
	return User{Name: u.Username, UID: uid, GID: gid, Home: u.HomeDir}, err
}

// getentPasswd asks getent for a user.
func (d Database) getentPasswd(key string) (User, error) {
	answer, err := d.getent("passwd", key)
	if err != nil {
		return User{}, err
	}
	f := strings.Split(answer, ":")
	if len(f) < 7 {
		return User{}, ErrUnknown
	}
	uid, err1 := strconv.Atoi(f[2])
	gid, err2 := strconv.Atoi(f[3])
	if err := errors.Join(err1, err2); err != nil {
		return User{}, err
	}
	return User{Name: f[0], UID: uid, GID: gid, Home: f[5], Shell: f[6]}, nil
}

// getentGroup asks getent for a group.
func (d Database) getentGroup(key string) (name string, gid int, err error) {
	answer, err := d.getent("group", key)
	if err != nil {
		return "", 0, err
	}
	f := strings.Split(answer, ":")
	if len(f) < 3 {
		return "", 0, ErrUnknown
	}
	gid, err = strconv.Atoi(f[2])
	return f[0], gid, err
}
