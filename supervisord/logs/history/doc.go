// Package history reads lines of a log and of its rotated files: the last ones, those
// of a period, those that match a pattern, and those that follow a place.
//
// It has no goroutine and keeps nothing open between calls. A [Cursor] names a place
// by the file's identity and an offset, so that a reader finds it again after a
// rotation, an upgrade or a crash of the daemon.
//
// No line is returned twice or left out between two calls of [Next] as long as the
// rotated files are kept; if they are not, the result says so. What one call returns is
// bounded. The time of a line is the timestamp at its beginning (package timestamp); a line without one
// belongs to the line before, like a stack trace.
package history
