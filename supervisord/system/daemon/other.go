//go:build !linux

package daemon

import (
	"errors"
	"os"
)

// Comm returns "": this system does not say how it names a process.
func Comm() string { return "" }

// SetComm does nothing on this system.
func SetComm(string) {}

// CloseOnExecAll marks all descriptors but the standard three that the daemon was started
// with, so that no child gets them.
func CloseOnExecAll() { closeOnExecEach() }

// MemoryFile fails on this system.
func MemoryFile(string) (*os.File, error) { return nil, errors.ErrUnsupported }

// lockNames locks nothing on this system: all daemons with one pidfile count as having the
// same configuration.
func (p *Pidfile) lockNames([]string) (holder int, taken bool) { return 0, false }

func (p *Pidfile) otherLockHolder() int { return 0 }
