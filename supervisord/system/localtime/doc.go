// Package localtime finds the local time zone in the same way as the C library's tzset.
//
// Go itself knows only names of zoneinfo files: it takes a POSIX string such as CST-8 in TZ for
// UTC, and ignores TZDIR. Images without zoneinfo files have only such strings.
//
// The package has no goroutines and no state; it only reads files.
package localtime
