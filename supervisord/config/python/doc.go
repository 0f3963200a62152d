// Package python has Python's rules for text, numbers and paths, on which existing
// files and known error texts depend: what repr shows, what white space is, what int
// reads, what "%(name)s" % names gives, which paths a pattern matches.
//
// It knows nothing of Supervisor and has no state. Only Glob touches the file system.
//
// Each function answers like Python 3 for every argument. Tests compare it with a
// real Python if there is one.
package python
