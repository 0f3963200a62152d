package sockets

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/inetaddr"
)

// TCPOptions says where a TCP socket listens.
type TCPOptions struct {
	// Host is a name or an address, "" for all interfaces, of both families
	// where there are two.
	Host string
	Port int
	// OnlyIPv4 ignores IPv6, also among the addresses of a name.
	OnlyIPv4  bool
	ReusePort bool // other sockets may listen on the same port if they set it too
	Backlog   int  // connections that wait, 0 for the system's maximum
}

// TCP returns a listening socket. Its errors wrap those of the system, or are of
// type *net.DNSError.
func TCP(ctx context.Context, o TCPOptions) (fd int, err error) {
	ips, err := o.Addresses(ctx)
	if err != nil {
		return -1, err
	}
	fd, err = o.listen(ips[0])
	if o.Host == "" && errors.Is(err, unix.EAFNOSUPPORT) && len(ips) > 1 { // a kernel without IPv6
		fd, err = o.listen(ips[1])
	}
	return fd, err
}

// Addresses returns the addresses of Host, the one to listen on first. Those of all
// interfaces are :: and 0.0.0.0.
func (o TCPOptions) Addresses(ctx context.Context) ([]netip.Addr, error) {
	network := "ip"
	if o.OnlyIPv4 {
		network = "ip4"
	}
	if o.Host == "" {
		if o.OnlyIPv4 {
			return []netip.Addr{netip.IPv4Unspecified()}, nil
		}
		return []netip.Addr{netip.IPv6Unspecified(), netip.IPv4Unspecified()}, nil
	}
	if ip, ok := inetaddr.Parse(o.Host); ok {
		return []netip.Addr{ip}, nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, network, o.Host)
	if err != nil {
		return nil, err
	}
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	return ips, nil
}

func (o TCPOptions) listen(ip netip.Addr) (int, error) {
	family := unix.AF_INET6
	var address unix.Sockaddr = &unix.SockaddrInet6{Port: o.Port, Addr: ip.As16(), ZoneId: zoneID(ip)}
	if ip.Is4() {
		family, address = unix.AF_INET, &unix.SockaddrInet4{Port: o.Port, Addr: ip.As4()}
	}
	fd, err := newSocket(family)
	if err != nil {
		return -1, err
	}
	if err := o.setOptions(fd, family); err != nil {
		unix.Close(fd)
		return -1, err
	}
	if err := unix.Bind(fd, address); err != nil {
		unix.Close(fd)
		return -1, err
	}
	if err := unix.Listen(fd, backlog(o.Backlog)); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (o TCPOptions) setOptions(fd, family int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if o.ReusePort {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return err
		}
	}
	if o.Host == "" && family == unix.AF_INET6 {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
	}
	return nil
}

// zoneID is the number of the interface that a link-local address belongs to.
func zoneID(ip netip.Addr) uint32 {
	if i, err := net.InterfaceByName(ip.Zone()); err == nil && ip.Zone() != "" {
		return uint32(i.Index)
	}
	return 0
}

// SetBacklog changes how many connections can wait on a listening socket, 0 for the
// system's maximum. Connections that wait stay.
func SetBacklog(fd, n int) error { return unix.Listen(fd, backlog(n)) }

func backlog(n int) int {
	if n > 0 {
		return n
	}
	return unix.SOMAXCONN
}

// newSocket returns a socket that blocks, as children expect, and that they don't inherit
// by accident. The fork lock prevents that where it takes two calls.
func newSocket(family int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	return fd, nil
}
