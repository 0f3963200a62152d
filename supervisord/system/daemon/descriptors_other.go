//go:build !linux

package daemon

// CloseOnExecAll marks everything beyond the standard three that the daemon
// was started with, so that no child gets it.
func CloseOnExecAll() { closeOnExecEach() }
