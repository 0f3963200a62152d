//go:build !linux

package activation

import "supervisor/supervisord/config"

// Recover does nothing: children can't be adopted on this system.
func (s *Set) Recover([]*config.ListenSocket, int) error { return nil }
