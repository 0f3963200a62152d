package sockets

import (
	"io/fs"
	"net/netip"

	"golang.org/x/sys/unix"
)

// FileOf returns the file of a unix socket that another process has made, nil if there is
// none, or if path is the file of another socket. Where the kernel does not say whose file
// it is, it counts as this socket's.
func FileOf(fd int, path string) *File {
	file, err := Find(path)
	if err != nil || file.info.Mode()&fs.ModeSocket == 0 {
		return nil
	}
	d, err := queryUnixDiag(fd)
	if _, inode := file.ID(); err == nil && d.inode != 0 && d.inode != uint32(inode) {
		return nil
	}
	return file
}

// ListenAddress returns where a descriptor listens, and false if it is no listening stream
// socket of a known family.
func ListenAddress(fd int) (at Address, ok bool) {
	for option, want := range map[int]int{unix.SO_ACCEPTCONN: 1, unix.SO_TYPE: unix.SOCK_STREAM} {
		if got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, option); err != nil || got != want {
			return at, false
		}
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return at, false
	}
	reuse, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT)
	at.ReusePort = reuse != 0
	switch name := name.(type) {
	case *unix.SockaddrUnix:
		at.Path = name.Name
	case *unix.SockaddrInet4:
		at.Addr, at.Port = netip.AddrFrom4(name.Addr), name.Port
	case *unix.SockaddrInet6:
		at.Addr, at.Port = netip.AddrFrom16(name.Addr), name.Port
	default:
		return at, false
	}
	return at, true
}

// Address is where a socket listens.
type Address struct {
	Path      string // "" for one of TCP
	Addr      netip.Addr
	Port      int
	ReusePort bool
}
