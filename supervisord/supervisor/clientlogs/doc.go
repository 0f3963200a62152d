// Package clientlogs reads, follows and empties log files for clients: those of the
// processes and the daemon's own. It turns what goes wrong into Supervisor's faults.
//
// It has no goroutines and holds no files: package logs owns the open ones, and each read
// opens the file anew. The methods may be called from anywhere.
//
// A client that reads a long log gets an excerpt, which is read while it is sent. The
// channel of a log is "stdout" or "stderr".
package clientlogs
