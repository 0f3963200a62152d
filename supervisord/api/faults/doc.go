// Package faults holds the closed list of faults that callers of the daemon
// are told about. Both ends share it: the daemon makes them, supervisorctl
// turns them into words.
package faults
