// Package lint finds settings that are valid but known to hurt: a command that goes into
// the background by itself, a shell that keeps signals from its program, two programs that
// rotate one file. Each finding says what it is, why it hurts, and what to write instead.
//
// The package has no state and no goroutines. It looks at a configuration, and through
// [System] at the machine. That reads files and blocks as long as they can block.
//
// A finding is advice: it never makes a configuration invalid. The rules prefer to be
// silent: what can't be decided from the configuration and the files that it names is not
// reported.
package lint
