package daemon

import (
	"supervisor/supervisord/spawn"
)

// SetUser makes the whole process, with all its threads, the user of that uid,
// for ever. The error says why it can't be, in the words of Supervisor; then
// the process must not go on.
func SetUser(uid int) error {
	if u := spawn.LookupUser(uid); u != nil {
		return u.Become()
	}
	return nil // that is who we are
}
