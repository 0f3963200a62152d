//go:build !linux

package activation

import "supervisor/supervisord/config"

// Recover does nothing: children are not taken over on this system.
func (s *Set) Recover([]*config.ListenSocket, int) error { return nil }
