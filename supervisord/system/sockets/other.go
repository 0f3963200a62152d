//go:build !linux

package sockets

import "errors"

// Queue fails: it is not known on this system how many connections wait.
func Queue(int) (queued, limit int, err error) { return 0, 0, errors.ErrUnsupported }
