//go:build !linux

package spawn

import "errors"

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

// Kill fails on this system.
func (o *Orphan) Kill() error { return errors.ErrUnsupported }
