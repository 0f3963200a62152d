//go:build !linux

package output

import (
	"errors"
	"os"
)

const fionread = 0 // there is never a slot to read into

func allocate(*os.File, int64) error { return errors.ErrUnsupported }
