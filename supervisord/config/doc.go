// Package config turns Supervisor's configuration files into validated,
// immutable structs. One table of options (options.go) says everything there is
// to say of an option; the parser, the command line, the error texts, the help
// and the documentation are drawn from it.
//
// A file goes through these hands: package inifile reads its lines by the rules
// of Python's RawConfigParser and merges the files that [include] names, expand.go
// replaces %(name)s with package python's format, convert.go makes values of texts,
// and a file per kind of section (supervisord.go, servers.go, plugins.go,
// groups.go, program.go, fastcgi.go, ctl.go) puts them into structs. A mistake
// does not stop the reading: all are collected in the order in which Supervisor
// would come across them, so that Load can report the first one in Supervisor's
// words and Check all of them.
//
// Everything outside the files that matters to their meaning (environment,
// working directory, users) is in a Host, captured once. So to read a file again
// later means the same as at the start.
//
// The package starts nothing and touches nothing but the files that it reads.
// What it returns is never changed afterwards, so it may be shared by all
// goroutines.
package config
