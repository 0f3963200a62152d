// Package option describes options of configuration files. An Option is a row
// of a table: its name, the sections that may have it, its type, default
// and help, the field that holds its value, and whether a running process has
// to be restarted when it changes. A Type has the parser and the printer of its
// values. The tables themselves are in package config and in config/ctlconf.
//
// The package has no state and starts nothing. Tables, options and types are
// never changed once they are made, so all goroutines may share them.
//
// A parser asks the source.Host about directories, users and groups, and
// nothing else of the system. The error texts of Supervisor's options are
// Supervisor's own; those of extensions say what is allowed.
package option
