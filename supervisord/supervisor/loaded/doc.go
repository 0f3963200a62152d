// Package loaded holds the configuration as last read from the files, and what belongs to
// it: how to read it again, the numbers of processes that programs have been scaled to,
// the names of AUTO logs, and the configuration that a restart begins with.
//
// It has no goroutines. A mutex guards it, and nothing blocks under it but the creation of
// an empty log file. A configuration is never changed in place, so readers may keep it.
//
// The groups in use need not be those of the last configuration: an update brings them
// there.
package loaded
