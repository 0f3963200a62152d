//go:build !linux

package pidfd

import (
	"errors"
	"os"
)

// Duplicate fails on this system.
func Duplicate(_, _ int) (*os.File, error) { return nil, errors.ErrUnsupported }
