// Package section reads sections of configuration files. A File is the table of
// all sections, merged from the files by package inifile. A Reader reads the
// options of one section: it expands %(name)s, converts the texts by the types
// of the options, and stores the values in the fields that the table of options
// names. A mistake does not end the reading. All mistakes are collected in Errs,
// in the order in which Supervisor would find them.
//
// A File and its Readers belong to the goroutine that reads the configuration.
// The package starts none.
//
// It reads only the files that it is told to read, and takes everything else
// from a source.Host and a source.Snapshot.
package section
