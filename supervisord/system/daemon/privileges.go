package daemon

import (
	"syscall"

	"supervisor/supervisord/system/accounts"
)

// SetUser makes the whole process, with all its threads, run as the user uid from now on.
// The error says in Supervisor's words why it can't; then the process must exit.
func SetUser(uid int) error {
	if c := accounts.CredentialsOf(uid); c != nil {
		return c.Become()
	}
	return nil // it runs as that user already
}

// SetUmask sets the file mode creation mask of the daemon and of the children that have none
// of their own.
func SetUmask(mask int) { syscall.Umask(mask) }
