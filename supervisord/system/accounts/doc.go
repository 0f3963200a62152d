// Package accounts looks up the users and groups of the system.
//
// Go's os/user reads /etc/passwd and /etc/group alone when it is built without cgo.
// For a name that is in neither, getent(1) is asked. It answers by nsswitch.conf, from
// LDAP, sssd and the like. No shell is used, getent is taken from a fixed list of
// directories, and it gets a time limit, so that a lookup blocks for at most that time
// for each question.
//
// The package has no goroutines. Its functions may be called from anywhere. Where a
// process reaps all its children, the one that does must wait by way of Reap.
package accounts
