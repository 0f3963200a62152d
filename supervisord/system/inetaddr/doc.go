// Package inetaddr reads IPv4 addresses in every form that inet_aton(3) takes, as
// Supervisor and its clients do by way of the C library: 127.1, 0x7f000001. Go
// would ask name servers for them.
package inetaddr
