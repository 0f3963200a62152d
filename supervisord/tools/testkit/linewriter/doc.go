// Package linewriter is a program that writes numbered lines, so that a test can check
// that none was lost. It counts them in a file of shared memory, which is complete
// even when the program is killed.
//
// One goroutine writes lines; the main goroutine waits for SIGTERM and the end of the
// lifetime. Only tests use it.
package linewriter
