package inetaddr

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// Host returns an IPv4 address in its usual form. It returns anything else, such as a host name
// or an IPv6 address, unchanged.
func Host(host string) string {
	if ip, ok := Parse(host); ok {
		return ip.String()
	}
	return host
}

// Parse reads one to four numbers separated by dots, decimal, octal with the prefix 0 or
// hexadecimal with 0x. Each is one byte of the address; the last has all remaining bytes. It
// returns false for anything else.
func Parse(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var ip uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		n, ok := parseNumber(part, bits)
		if !ok {
			return netip.Addr{}, false
		}
		ip = ip<<bits | n
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(ip))
	return netip.AddrFrom4(b), true
}

func parseNumber(s string, bits int) (uint64, bool) {
	digits, base := s, 10
	switch {
	case strings.HasPrefix(s, "0x"), strings.HasPrefix(s, "0X"):
		digits, base = s[2:], 16
	case len(s) > 1 && s[0] == '0':
		digits, base = s[1:], 8
	}
	n, err := strconv.ParseUint(digits, base, bits)
	return n, err == nil
}
