// Package config holds a configuration as structs, and the table of options
// (table*.go) that says everything about an option: which field has its value,
// its type, default and help, whether a change is live. Equal, Diff and Digest are
// drawn from the table here; loading, the JSON output, the sample configuration and
// the documentation are drawn from it elsewhere.
//
// The package starts nothing and reads nothing; package load fills the structs.
// They are never changed afterwards, so all goroutines may share them.
//
// A Digest of today is compared with one that an earlier version has written into
// a journal, so texts that digests are made of must never change.
package config
