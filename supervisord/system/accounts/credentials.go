package accounts

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"supervisor/supervisord/system/errno"
)

// Credentials are the user and the groups as which a process runs. The executor gets
// them as JSON.
type Credentials struct {
	UID, GID int
	Groups   []int // the primary group, then those that list the user
	// Refusal says why a process can't run as this user. The child reports it on its
	// stderr and exits.
	Refusal string
}

// CredentialsOf returns the credentials of a user, or nil if the process runs as that
// user already.
func CredentialsOf(uid int) *Credentials {
	if uid == os.Getuid() {
		return nil
	}
	c := &Credentials{UID: uid}
	if err := c.lookUp(); err != nil {
		c.Refusal = err.Error()
	}
	return c
}

// The error texts of lookUp and Become are Supervisor's, capitals included.

func (c *Credentials) lookUp() error {
	system := System()
	entry, err := system.UserID(c.UID)
	if err != nil {
		return fmt.Errorf("Can't find uid %d", c.UID)
	}
	if os.Getuid() != 0 {
		return errors.New("Can't drop privilege as nonroot user")
	}
	if c.Groups, err = system.Groups(entry); err != nil {
		return errors.New("Could not set groups of effective user")
	}
	c.GID = c.Groups[0]
	return nil
}

// Become makes the whole process, with all its threads, run as the user from now on.
// After an error the change may be half done, and the process must exit.
func (c *Credentials) Become() error {
	switch {
	case c.Refusal != "":
		return errors.New(c.Refusal)
	case syscall.Setgroups(c.Groups) != nil:
		return errors.New("Could not set groups of effective user")
	case syscall.Setgid(c.GID) != nil:
		return errors.New("Could not set group id of effective user")
	}
	if err := syscall.Setuid(c.UID); err != nil {
		return fmt.Errorf("setuid: %s", errno.Name(err))
	}
	return nil
}
