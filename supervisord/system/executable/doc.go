// Package executable finds the file of the running binary, so that the daemon can start
// itself again.
//
// It has no goroutines. The path by which the process was started is noted once, see
// Note. The functions may be called from anywhere.
package executable
