// Package getopt reads a command line by the rules of Python's getopt, which
// Supervisor's users and scripts rely on: long options may be shortened to any
// unique prefix, short ones may be bundled ("-nkt", "-cFILE"), and the options end at
// the first word that is not one. Parse returns the options in their order; Args
// writes them again in the plain form that any other parser understands.
//
// The package has no state and no goroutines.
//
// Error texts are those of Python's getopt.
package getopt
