// Package accounts looks up the users and groups of the system, and makes a process run as
// another user.
//
// Go's os/user reads only /etc/passwd and /etc/group when it is built without cgo. For a name
// in neither, getent(1) is asked; it follows nsswitch.conf to LDAP, sssd and the like. It is
// executed without a shell, from a fixed list of directories, and with a timeout. So a lookup
// blocks for at most the timeout per query.
//
// The package has no goroutines. Its functions may be called from anywhere. If a process reaps
// all its children, its reaper must wait through Reap.
package accounts
