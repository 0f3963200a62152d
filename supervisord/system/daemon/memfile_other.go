//go:build !linux

package daemon

import (
	"errors"
	"os"
)

// MemoryFile fails on this system.
func MemoryFile(string) (*os.File, error) { return nil, errors.ErrUnsupported }
