//go:build !linux

package spawn

import (
	"errors"
	"os"
)

const fionread = 0 // there is never a slot to read into

func reserve(*os.File, int64) error { return errors.ErrUnsupported }
