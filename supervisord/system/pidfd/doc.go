// Package pidfd signals and watches processes that are not children of this one.
//
// A process is identified by its pid and its start time, see procfs. Where the kernel
// provides a pidfd, signals go through it and can't reach another process. Where it does
// not, because the kernel is old, a filter of system calls forbids it or descriptors run
// short, the start time is checked right before each signal.
//
// The package has no goroutines. The methods of a Handle may be called from anywhere;
// AwaitExit and ExitStatus block.
package pidfd

import "time"

// MaxPollInterval is how late AwaitExit may return when there is no pidfd.
const MaxPollInterval = time.Second
