// Package supervisord builds the daemon out of its parts and connects them. It
// owns nothing but the order in which things happen at start and at the end.
//
// Main reads the command line. A daemon (daemon.go) lives as long as the
// process; each of its lives (life.go) lasts from reading the configuration to
// the last program's end, and a restart is followed by another one in the same
// process. Serial numbers of events and the reaper of children outlast a life.
package supervisord
