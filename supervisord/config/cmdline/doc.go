// Package cmdline is the front end of a program's command line, made of the
// program's table of options by urfave/cli. Both programs have one.
//
// The arguments that it gets have been brought into the form "--name=value" by
// package getopt, whose rules cli does not have: bundled and abbreviated
// options, and Supervisor's words about mistakes.
package cmdline
