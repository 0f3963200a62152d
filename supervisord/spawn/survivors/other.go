//go:build !linux

package survivors

import "supervisor/supervisord/spawn"

// Survivor is a process that looks like the child of a daemon that has ended.
type Survivor struct {
	spawn.Orphan
	Variables map[string]string
	Command   []string
	UID       int
	Session   int

	NullStdin, Redirected, Unreadable, ParentUnknown bool
}

// Find returns nothing on this system.
func Find() []Survivor { return nil }

// Daemons returns nothing on this system.
func Daemons([]Survivor) map[int]int { return nil }
