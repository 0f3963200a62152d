package spawn

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"supervisor/supervisord/system/accounts"
)

// User is an identity that a process takes on.
type User struct {
	UID, GID int
	Groups   []int // the primary one, then those that list the user
	// Refusal says why this user can't be taken on. It is the child that
	// tells, on its stderr, and ends.
	Refusal string
}

// LookupUser looks up who uid is, nil if that is who the process is already.
func LookupUser(uid int) *User {
	if uid == os.Getuid() {
		return nil
	}
	u := &User{UID: uid}
	if err := u.lookUp(); err != nil {
		u.Refusal = err.Error()
	}
	return u
}

// The words of lookUp and Become are Supervisor's, capitals and all.

func (u *User) lookUp() error {
	system := accounts.System()
	entry, err := system.UserID(u.UID)
	if err != nil {
		return fmt.Errorf("Can't find uid %d", u.UID)
	}
	if os.Getuid() != 0 {
		return errors.New("Can't drop privilege as nonroot user")
	}
	if u.Groups, err = system.Groups(entry); err != nil {
		return errors.New("Could not set groups of effective user")
	}
	u.GID = u.Groups[0]
	return nil
}

// Become makes the whole process, with all its threads, this user, for ever.
// Each step is checked; after an error the process is in between and must end.
func (u *User) Become() error {
	switch {
	case u.Refusal != "":
		return errors.New(u.Refusal)
	case syscall.Setgroups(u.Groups) != nil:
		return errors.New("Could not set groups of effective user")
	case syscall.Setgid(u.GID) != nil:
		return errors.New("Could not set group id of effective user")
	}
	if err := syscall.Setuid(u.UID); err != nil {
		return fmt.Errorf("setuid: %s", ErrnoName(err))
	}
	return nil
}
