// Package cmdline runs a program's command line, made by urfave/cli from the
// program's table of options. Both programs have one.
//
// It has no state and no goroutines; the program's function runs in that of Execute.
//
// The arguments must have the form "--name=value", which package getopt makes: cli
// does not know bundled and abbreviated options, nor Supervisor's error texts.
package cmdline
