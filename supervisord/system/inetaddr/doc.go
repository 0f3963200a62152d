// Package inetaddr reads IPv4 addresses in every form that inet_aton(3) accepts, such as 127.1
// and 0x7f000001.
//
// Supervisor and its clients accept these forms because the C library does. Go would send them
// to name servers as host names.
//
// The package has no goroutines and no state.
package inetaddr
