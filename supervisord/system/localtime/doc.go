// Package localtime finds the local time zone as the C library's tzset does. Go's
// own way knows only names of files: it takes a POSIX string such as CST-8 in TZ
// for UTC, and does not look at TZDIR. Images without zoneinfo files have nothing
// but such strings.
//
// It starts no goroutines, and only reads.
package localtime
