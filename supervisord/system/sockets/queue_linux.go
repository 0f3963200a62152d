package sockets

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Queue returns how many connections wait to be accepted on a listening socket, and how
// many can. It does not block.
func Queue(fd int) (queued, limit int, err error) {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return 0, 0, err
	}
	if domain == unix.AF_UNIX {
		d, err := queryUnixDiag(fd)
		return int(d.waiting), int(d.limit), err
	}
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0, 0, err
	}
	return int(info.Unacked), int(info.Sacked), nil // which mean this for a listening socket
}

// unixDiag is what the kernel reports of a unix socket.
type unixDiag struct {
	inode          uint32 // of its file, 0 for none
	waiting, limit uint32
}

// Constants of linux/unix_diag.h.
const (
	sockDiagByFamily = 20
	showFile         = 1 << 1
	showQueue        = 1 << 4
	attrFile         = 1
	attrQueue        = 4
)

// diagRequest is a netlink message that asks for one unix socket.
type diagRequest struct {
	unix.NlMsghdr
	family, protocol uint8
	_                uint16
	states           uint32
	inode            uint32
	show             uint32
	cookie           [2]uint32
}

// diagHeaderSize is the length of what comes before the attributes of an answer.
const diagHeaderSize = unix.SizeofNlMsghdr + 16

var errNoUnixDiag = errors.New("the kernel reports nothing of unix sockets")

// queryUnixDiag asks the kernel for what no call on the socket returns.
func queryUnixDiag(fd int) (d unixDiag, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return d, err
	}
	link, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return d, err
	}
	defer unix.Close(link)
	const allBits = ^uint32(0)
	request := diagRequest{
		NlMsghdr: unix.NlMsghdr{Len: uint32(unsafe.Sizeof(diagRequest{})), Type: sockDiagByFamily, Flags: unix.NLM_F_REQUEST},
		family:   unix.AF_UNIX, states: allBits, inode: uint32(st.Ino), show: showFile | showQueue, cookie: [2]uint32{allBits, allBits},
	}
	message := unsafe.Slice((*byte)(unsafe.Pointer(&request)), unsafe.Sizeof(request))
	if err := unix.Sendto(link, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return d, err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(link, answer, unix.MSG_DONTWAIT) // the kernel answers during Sendto
	if err != nil {
		return d, err
	}
	return parseUnixDiag(answer[:n])
}

func parseUnixDiag(answer []byte) (d unixDiag, err error) {
	order := binary.NativeEndian
	if len(answer) < diagHeaderSize || order.Uint16(answer[4:]) != sockDiagByFamily {
		return d, errNoUnixDiag
	}
	for rest := answer[diagHeaderSize:]; len(rest) >= unix.SizeofNlAttr; {
		length, kind := int(order.Uint16(rest)), order.Uint16(rest[2:])
		if length < unix.SizeofNlAttr || length > len(rest) {
			break
		}
		body := rest[unix.SizeofNlAttr:length]
		switch {
		case kind == attrFile && len(body) >= 4:
			d.inode = order.Uint32(body)
		case kind == attrQueue && len(body) >= 8:
			d.waiting, d.limit = order.Uint32(body), order.Uint32(body[4:])
		}
		rest = rest[min((length+3)&^3, len(rest)):]
	}
	return d, nil
}
