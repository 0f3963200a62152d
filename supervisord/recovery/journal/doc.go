// Package journal keeps the file by which a daemon finds the children of one that has
// crashed, and what was to happen to them.
//
// Each line of the file says what a later daemon needs to know of one process, and the
// last line of a process counts. Lines are added in batches with one write; now and then
// the file is written anew beside its place and renamed. Nothing is synced to the disk: a
// crash of the machine ends the children too. Writer.Run is the only goroutine that
// writes. A caller that reports a change never waits for the disk; a child that is spawned
// before its line is written is found by other means.
//
// Losses are detected. Each line has a checksum and its place in its batch, each batch has
// a number, so a reader knows up to which batch nothing is missing
// (Contents.CompleteUntil), and uses all lines that are intact. Each batch is written
// twice, so that one damaged byte costs nothing. A file that was removed, replaced or cut
// is written anew with the next change. Files of all earlier versions are read.
package journal
