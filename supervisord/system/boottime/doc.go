// Package boottime records times so that their age does not depend on the clock on the
// wall, which people and NTP set. A later process of the same boot reads them.
//
// There are no goroutines, and nothing blocks.
//
// A time is recorded as nanoseconds by two clocks: since the epoch, and since boot. The
// second one can't be set and runs while the machine sleeps. It is not known on systems
// other than Linux, where nothing that is recorded outlives a daemon.
package boottime
