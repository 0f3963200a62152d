// Package python has Python's notions of text, numbers and paths, on which the
// meaning of existing files and the texts that users know rest: what repr shows,
// what white space is, what int reads, what "%(name)s" % names gives, which paths
// a pattern matches. Each function answers as Python 3 does for every argument,
// which the tests check against a real one where there is one.
//
// It knows nothing of Supervisor, starts nothing, and touches the file system in
// Glob alone.
package python
