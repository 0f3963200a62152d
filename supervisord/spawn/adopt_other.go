//go:build !linux

package spawn

import (
	"errors"
	"os"
)

// CanAdopt tells whether children can be taken over on this system.
const CanAdopt = false

// Adopt fails: only Linux lets a process open the pipes of another.
func (s *Spawner) Adopt(*Orphan, *Spec) (Child, error) {
	return nil, &GoneError{Exit{Code: -1}}
}

// Reopen does nothing on this system.
func (o *Orphan) Reopen() {}

// Close does nothing on this system.
func (o *Orphan) Close() {}

// Survivor is a process that looks like the child of a daemon of ours.
type Survivor struct {
	Orphan
	Variables map[string]string
	Command   []string
	UID       int
	Session   int

	NullStdin, Redirected, Unreadable, ParentUnknown bool
}

// Survivors returns nothing on this system.
func Survivors() []Survivor { return nil }

// IsAncestor is not known on this system.
func IsAncestor(int) bool { return false }

// DaemonsOf returns nothing on this system.
func DaemonsOf([]Survivor) map[int]int { return nil }

// DuplicateFD fails on this system.
func DuplicateFD(_, _ int) (*os.File, error) { return nil, errors.ErrUnsupported }

// Kill fails on this system.
func (o *Orphan) Kill() error { return errors.ErrUnsupported }
