// Package getopt reads a command line by the rules of Python's getopt, which
// Supervisor's users have in their fingers and scripts: long options may be
// shortened to any unique prefix, short ones may be bundled ("-nkt",
// "-cFILE"), and the options end at the first word that is not one.
//
// Parse says which options were given and in which order; Args writes them
// out again in the one plain form that any other option parser understands.
// The package holds no state and starts nothing.
package getopt
