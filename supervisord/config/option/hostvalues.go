package option

import (
	"errors"
	"fmt"
	"strings"

	"supervisor/supervisord/config/python"
	"supervisor/supervisord/config/source"
)

// ExistingDirectory checks that a directory exists. It expands a leading ~.
func ExistingDirectory(h *source.Host, s string) (string, error) {
	dir := h.ExpandUser(s)
	if !h.DirExists(dir) {
		return "", fmt.Errorf("%s is not an existing directory", s)
	}
	return dir, nil
}

// ExistingDirpath checks that the directory part of a path exists, if it has one. It
// expands a leading ~.
func ExistingDirpath(h *source.Host, s string) (string, error) {
	p := h.ExpandUser(s)
	if dir := python.Dirname(p); dir != "" && !h.DirExists(dir) {
		return "", fmt.Errorf("The directory named as part of the path %s does not exist", s)
	}
	return p, nil
}

// UserID finds the number of a user that is given by name or number.
func UserID(h *source.Host, s string) (int, error) {
	if n, ok := python.ParseInt(s, 10); ok {
		if _, ok := h.UserID(int(n)); !ok {
			return 0, fmt.Errorf("Invalid user id %s", s)
		}
		return int(n), nil
	}
	a, ok := h.User(s)
	if !ok {
		return 0, fmt.Errorf("Invalid user name %s", s)
	}
	return a.UID, nil
}

// groupID finds the number of a group that is given by name or number.
func groupID(h *source.Host, s string) (int, bool) {
	if n, ok := python.ParseInt(s, 10); ok {
		return int(n), h.GroupID(int(n))
	}
	return h.Group(s)
}

// Ownership is user:group. GID is -1 when only a user is given.
type Ownership struct{ UID, GID int }

// errOwner is never shown: chown= and socket_owner= have texts of their own.
var errOwner = errors.New("invalid user or group")

func userGroup(h *source.Host, s string) (Ownership, error) {
	user, group, both := strings.Cut(s, ":")
	uid, err := UserID(h, user)
	if err != nil {
		return Ownership{}, errOwner
	}
	if !both {
		return Ownership{uid, -1}, nil
	}
	gid, ok := groupID(h, group)
	if !ok {
		return Ownership{}, errOwner
	}
	return Ownership{uid, gid}, nil
}
