// Package sockets tests the sockets that the daemon opens for programs: [socket]
// sections and FastCGI programs.
package sockets
