//go:build !linux

package output

import (
	"errors"
	"os"
)

const fionread = 0 // there are no staging buffers on this system

func allocate(*os.File, int64) error { return errors.ErrUnsupported }
