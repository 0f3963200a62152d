// Package ledger keeps the record by which a daemon finds the children of one
// that has crashed, and what was to become of them.
//
// The record is a journal: each line tells of one process, and the last line of
// a process counts. Lines are added with one write; now and then the journal is
// written anew beside its place and renamed. So a crash at any byte costs at
// most the line under way, which shows by having no end. Each line carries a
// checksum: what something else has done to the file shows too. Nothing is
// forced to the disk: a crash of the machine ends the children too.
//
// Keeper.Run is the only goroutine that writes. Nobody who reports a change
// waits for the disk; a child that is born before its line is written is found
// by other means.
package ledger
