// Package buildinfo says from what a binary was built: the release of the module, the
// commit, the version of Go, the system that it is for. The Go linker records all of it.
//
// The package has no state. Nothing of it blocks.
package buildinfo
