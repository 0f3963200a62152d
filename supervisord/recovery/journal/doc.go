// Package journal keeps the record by which a daemon finds the children of one
// that has crashed, and what was to become of them.
//
// The record is a journal: each line tells of one process, and the last line of
// a process counts. Lines are added in batches with one write; now and then the
// journal is written anew beside its place and renamed. Nothing is forced to the
// disk: a crash of the machine ends the children too.
//
// What is lost shows. Each line carries a checksum and its place in its batch,
// each batch its number, so a reader knows up to which batch nothing is missing
// (Ledger.Taken) and uses all lines that are sound. Each batch is written twice,
// so a damaged byte costs nothing at all. A journal whose file was removed,
// replaced or cut is written anew with the next change.
//
// Keeper.Run is the only goroutine that writes. Nobody who reports a change
// waits for the disk; a child that is born before its line is written is found
// by other means.
package journal
