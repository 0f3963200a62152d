//go:build !freebsd

package daemon

import "golang.org/x/sys/unix"

func setLimit(r *unix.Rlimit, soft, hard uint64) { r.Cur, r.Max = soft, hard }
