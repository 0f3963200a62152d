// Package recovery tests what a new daemon does with the programs of a daemon that
// was killed: adoption with and without the journal, with a changed
// configuration, with missing rights, and beside other daemons.
package recovery
