// Package longtext sends answers that contain long parts of logs. A log of 50 MB would
// be in memory several times: as bytes, as text, and escaped. Here it is read while
// the answer is sent, in pieces of 64 KB, however many clients request it at once.
//
// The package starts no goroutine. Placeholders belong to the goroutine that sends the
// answer.
//
// The length of an answer is in its head, so a log is read twice: to count, and to
// send. If the file is truncated in between, the connection is closed, so that the
// client notices an incomplete answer.
package longtext
