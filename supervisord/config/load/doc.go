// Package load turns Supervisor's configuration files into the structs of package
// config, and supervisord's command line into the values that replace those of
// the files. A file per kind of section (supervisord.go, servers.go, groups.go,
// program.go, fastcgi.go, policy.go, listen.go) fills the structs by the
// table of options and adds what a table can't say. Then the whole is checked:
// dependencies, shared sockets, unknown options. json.go writes what was understood.
//
// A load belongs to the goroutine that calls Config, Check or MakeProgram; the
// package starts none and keeps nothing between two loads.
//
// All mistakes are collected in the order in which Supervisor would find them.
// Config returns them as one error with the text of the first; Check writes all.
package load
