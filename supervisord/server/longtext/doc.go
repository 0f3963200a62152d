// Package longtext sends answers that have long parts of logs in them. A log of 50 MB
// would be in memory several times on its way into an answer: as bytes, as text, and
// escaped. Here it is read while the answer is sent, in pieces of 64 KB, however many
// clients ask for it at once.
//
// The length of an answer stands in its head, so a log is read twice: once to count,
// once to send. If the file is made shorter in between, the connection is cut off, from
// which the client sees that the answer is incomplete.
//
// There is no goroutine here. What is sent belongs to who sends it.
package longtext
