package spawn

import "golang.org/x/sys/unix"

func pipe2(fds []int) error { return unix.Pipe2(fds, unix.O_CLOEXEC) }
