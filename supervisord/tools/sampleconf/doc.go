// Package sampleconf writes a sample configuration: the few options that a daemon
// needs, and all others as comments with their defaults.
//
// It has no goroutines and keeps nothing; echo_supervisord_conf calls it.
//
// Names, defaults and help come from the table of options in package config, so a new
// option is in the sample too. The package itself has only what the table can't say:
// the order of the sections, the options that are set, and examples for options without
// a default.
package sampleconf
