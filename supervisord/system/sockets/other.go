//go:build !linux

package sockets

import "errors"

// Queue tells how many connections wait to be accepted on a listening socket,
// and how many can. It is not known on this system.
func Queue(int) (queued, limit int, err error) { return 0, 0, errors.ErrUnsupported }
